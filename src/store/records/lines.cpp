#include "store/records/lines.hpp"

#include <map>
#include <memory>
#include <set>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "base/crypto.hpp"
#include "base/encoding.hpp"
#include "base/json.hpp"
#include "store/records/records.hpp"

namespace railbook::store::records {
namespace {

namespace json = boost::json;

constexpr std::int64_t kFormat = 1;
constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
constexpr std::size_t kMaxText = std::numeric_limits<std::size_t>::max();

std::int64_t number(Timestamp time) { return time.time_since_epoch().count(); }
std::int64_t number(ServiceDate date) { return date.time_since_epoch().count(); }
std::int64_t number(std::uint64_t value) { return static_cast<std::int64_t>(value); }

}  // namespace

// --- Writing -------------------------------------------------------------------------------------------------------

struct LineWriter::State {
    Write write;
    Status done = {};
    std::size_t lines = 0;
    std::set<std::string> consists = {};  // hashes of those that were written

    /// `record` is JSON already.
    void line(std::string_view type, const json::object& members, std::string_view record = {}) {
        if (!done) return;
        std::string text = fmt::format(R"({{"type":"{}")", type);
        const std::string rest = json::serialize(members);
        if (rest.size() > 2) text += ',' + rest.substr(1, rest.size() - 2);
        if (!record.empty()) text += fmt::format(R"(,"record":{})", record);
        text += '}';
        ++lines;
        done = write(text);
    }
};

LineWriter::LineWriter(Write write) : state_{std::make_unique<State>(std::move(write))} {}
LineWriter::~LineWriter() = default;

Status LineWriter::finish() {
    state_->line("end", {{"lines", state_->lines}});
    return state_->done;
}

void LineWriter::on(const Counters& counters) {
    json::object versions;
    for (const auto& [name, version] : counters.feed_versions) versions[name] = number(version);
    state_->line("counters", {{"format", kFormat},
                              {"fence", number(counters.fence)},
                              {"time", number(counters.time)},
                              {"feed_versions", std::move(versions)}});
}

void LineWriter::on(const Secret& secret) {
    state_->line("secret", {{"name", secret.name}, {"value", base::base64url(secret.value)}});
}

void LineWriter::on(const Feed& feed, const std::string& data) {
    state_->line("feed", {{"name", feed.name},
                          {"version", number(feed.version)},
                          {"checksum", feed.checksum},
                          {"imported_at", number(feed.imported_at)},
                          {"publisher", feed.publisher},
                          {"first_date", number(feed.first_date)},
                          {"last_date", number(feed.last_date)},
                          {"stations", feed.stations},
                          {"trips", feed.trips},
                          {"data", base::base64url(data)}});
}

void LineWriter::on(const Document& document) {
    state_->line("document", {{"kind", to_string(document.kind)},
                              {"name", document.name},
                              {"version", number(document.version)},
                              {"text", document.text},
                              {"imported_at", number(document.imported_at)}});
}

void LineWriter::on(const Run& run, std::uint64_t version) {
    const std::string consist = encode(*run.consist);
    const std::string hash = base::sha256_hex(consist);
    if (state_->consists.insert(hash).second) state_->line("consist", {{"hash", hash}}, consist);
    state_->line("run", {{"version", number(version)}, {"consist", hash}}, encode_calls(run));
}

void LineWriter::on(const Hold& hold) { state_->line("hold", {}, encode(Answer{hold})); }

void LineWriter::on(const RunId& run, const Allocation& allocation) {
    if (allocation.state != SeatState::blocked) return;  // the others follow from the holds
    state_->line("block", {}, encode(Answer{SeatBlock{run, allocation.span, {{allocation.seat, {}}}}}));
}

void LineWriter::on(const Booking& booking) { state_->line("booking", {}, encode(Answer{booking})); }
void LineWriter::on(const Payment& payment) { state_->line("payment", {}, encode(Answer{payment})); }

void LineWriter::on(const Ticket& ticket) {
    state_->line("ticket",
                 {{"id", to_string(ticket.id)},
                  {"booking", to_string(ticket.booking)},
                  {"status", static_cast<int>(ticket.status)},
                  {"issued_at", number(ticket.issued_at)}},
                 encode_travel(ticket));
}

void LineWriter::on(const LedgerEntry& entry) {
    state_->line("ledger", {{"booking", to_string(entry.booking)},
                            {"seq", number(entry.seq)},
                            {"transaction", entry.transaction},
                            {"at", number(entry.at)},
                            {"account", entry.posting.account},
                            {"amount", entry.posting.amount.amount},
                            {"currency", entry.posting.amount.currency},
                            {"scale", entry.posting.amount.scale}});
}

void LineWriter::on(const AuditEntry& entry) {
    state_->line("audit", {{"subject", entry.subject},
                           {"number", number(entry.number)},
                           {"at", number(entry.at)},
                           {"actor", entry.actor},
                           {"action", entry.action},
                           {"detail", entry.detail}});
}

void LineWriter::on(const KeptAnswer& answer) {
    state_->line("answer",
                 {{"owner", answer.owner},
                  {"operation", answer.operation},
                  {"key", answer.key},
                  {"fingerprint", answer.fingerprint},
                  {"until", number(answer.until)}},
                 encode(answer.value));
}

// --- Reading -------------------------------------------------------------------------------------------------------

namespace {

Error bad_line(std::size_t line, std::string_view why) {
    return {ErrorCode::bad_data, fmt::format("line {} of the dump: {}", line, why), "dump the other store again"};
}

/// Understands one line after the other.
class LineReader {
public:
    explicit LineReader(RecordReader& reader) : reader_{reader} {}

    bool has_ended() const { return ended_; }

    /// Errors: bad_data.
    Status read(const std::string& text) {
        if (ended_) return Error{ErrorCode::bad_data, "something follows the end"};
        json::parse_options options;
        options.allow_invalid_utf8 = true;  // as in the records themselves
        boost::system::error_code error;
        const auto value = json::parse(text, error, {}, options);
        if (error) return Error{ErrorCode::bad_data, "not JSON"};
        std::vector<Mistake> mistakes;
        base::ObjectReader line{value, "", mistakes};
        const auto type = line.text("type");
        const auto* record = line.member("record");
        const std::string inner = record ? json::serialize(*record) : std::string{};
        const auto known = kinds().find(type);
        if (known == kinds().end()) return Error{ErrorCode::bad_data, fmt::format("the type '{}' is not known", type)};
        // Everything is understood before anything is handed on.
        const auto hand_on = (this->*known->second)(line, inner);
        if (!hand_on) return hand_on.error();
        line.finish();
        if (!mistakes.empty()) return base::error_of(ErrorCode::bad_data, mistakes);
        ++lines_;
        (*hand_on)();
        return {};
    }

private:
    using HandOn = std::function<void()>;
    using Kind = Result<HandOn> (LineReader::*)(base::ObjectReader&, const std::string&);

    static const std::map<std::string, Kind, std::less<>>& kinds() {
        static const std::map<std::string, Kind, std::less<>> all{
            {"counters", &LineReader::counters}, {"secret", &LineReader::secret},   {"feed", &LineReader::feed},
            {"document", &LineReader::document}, {"consist", &LineReader::consist}, {"run", &LineReader::run},
            {"hold", &LineReader::whole},        {"block", &LineReader::whole},     {"booking", &LineReader::whole},
            {"payment", &LineReader::whole},     {"ticket", &LineReader::ticket},   {"ledger", &LineReader::ledger},
            {"audit", &LineReader::audit},       {"answer", &LineReader::answer},   {"end", &LineReader::end}};
        return all;
    }

    static std::uint64_t count(base::ObjectReader& line, std::string_view name) {
        return static_cast<std::uint64_t>(line.integer(name, 0, kMax));
    }
    static Timestamp time(base::ObjectReader& line, std::string_view name) {
        return Timestamp{Duration{line.integer(name, kMin, kMax)}};
    }
    static ServiceDate date(base::ObjectReader& line, std::string_view name) {
        return ServiceDate{std::chrono::days{line.integer(name, -10'000'000, 10'000'000)}};
    }
    static std::string text(base::ObjectReader& line, std::string_view name) {
        if (!line.has(name)) line.mistake(name, "is missing");
        return line.optional_text(name, kMaxText).value_or("");
    }
    static std::string bytes(base::ObjectReader& line, std::string_view name) {
        auto decoded = base::from_base64url(text(line, name));
        if (!decoded) line.mistake(name, "is not base64url");
        return decoded.value_or("");
    }
    template <class Id>
    static Id id(base::ObjectReader& line, std::string_view name) {
        const auto parsed = Id::parse(text(line, name));
        if (parsed) return *parsed;
        line.mistake(name, parsed.error().detail);
        return {};
    }

    Result<HandOn> counters(base::ObjectReader& line, const std::string&) {
        if (line.integer("format", 1, kMax) != kFormat)
            return Error{ErrorCode::unsupported, "the dump was made by a newer Railbook", "use that Railbook"};
        Counters read{.fence = count(line, "fence"), .time = time(line, "time"), .feed_versions = {}};
        if (auto versions = line.object("feed_versions")) {
            for (const auto& [name, value] : versions->rest()) {
                if (value->is_int64() && value->get_int64() > 0)
                    read.feed_versions[name] = static_cast<std::uint64_t>(value->get_int64());
                else versions->mistake(name, "must be a number");
            }
        }
        return HandOn{[this, read] { reader_.on(read); }};
    }

    Result<HandOn> secret(base::ObjectReader& line, const std::string&) {
        Secret read{.name = text(line, "name"), .value = bytes(line, "value")};
        return HandOn{[this, read] { reader_.on(read); }};
    }

    Result<HandOn> feed(base::ObjectReader& line, const std::string&) {
        Feed read{.name = text(line, "name"),
                  .version = count(line, "version"),
                  .checksum = text(line, "checksum"),
                  .imported_at = time(line, "imported_at"),
                  .publisher = text(line, "publisher"),
                  .first_date = date(line, "first_date"),
                  .last_date = date(line, "last_date"),
                  .stations = count(line, "stations"),
                  .trips = count(line, "trips")};
        return HandOn{[this, read, data = bytes(line, "data")] { reader_.on(read, data); }};
    }

    Result<HandOn> document(base::ObjectReader& line, const std::string&) {
        const auto kind = text(line, "kind");
        Document read{.kind = kind == to_string(DocumentKind::tariff) ? DocumentKind::tariff : DocumentKind::layouts,
                      .name = text(line, "name"),
                      .version = count(line, "version"),
                      .text = text(line, "text"),
                      .imported_at = time(line, "imported_at")};
        if (kind != to_string(read.kind)) line.mistake("kind", "must be 'layouts' or 'tariff'");
        return HandOn{[this, read] { reader_.on(read); }};
    }

    Result<HandOn> consist(base::ObjectReader& line, const std::string& record) {
        const auto hash = text(line, "hash");
        auto read = decode_consist(record);
        if (!read) return unreadable();
        auto shared = std::make_shared<const Consist>(*std::move(read));
        return HandOn{[this, hash, shared] { consists_[hash] = shared; }};
    }

    Result<HandOn> run(base::ObjectReader& line, const std::string& record) {
        const auto known = consists_.find(text(line, "consist"));
        if (known == consists_.end()) return Error{ErrorCode::bad_data, "its coaches are missing"};
        auto read = decode_run(record, known->second);
        if (!read) return unreadable();
        return HandOn{[this, read = *std::move(read), version = count(line, "version")] { reader_.on(read, version); }};
    }

    /// A hold, block, booking or payment: the record says which, and the type says the same.
    Result<HandOn> whole(base::ObjectReader& line, const std::string& record) {
        auto read = decode_answer(record);
        if (!read || !record.starts_with(fmt::format(R"({{"{}":)", line.text("type")))) return unreadable();
        return HandOn{[this, read = *std::move(read)] {
            if (const auto* hold = std::get_if<Hold>(&read)) reader_.on(*hold);
            if (const auto* booking = std::get_if<Booking>(&read)) reader_.on(*booking);
            if (const auto* payment = std::get_if<Payment>(&read)) reader_.on(*payment);
            if (const auto* block = std::get_if<SeatBlock>(&read)) {
                for (const auto& seat : block->seats)
                    reader_.on(block->run,
                               {.seat = seat.index, .span = block->span, .state = SeatState::blocked, .hold = {}});
            }
        }};
    }

    Result<HandOn> ticket(base::ObjectReader& line, const std::string& record) {
        Ticket read;
        read.id = id<TicketId>(line, "id");
        read.booking = id<BookingId>(line, "booking");
        read.status = static_cast<TicketStatus>(line.integer("status", 0, static_cast<int>(TicketStatus::revoked)));
        read.issued_at = time(line, "issued_at");
        if (!decode_travel(record, read)) return unreadable();
        return HandOn{[this, read] { reader_.on(read); }};
    }

    Result<HandOn> ledger(base::ObjectReader& line, const std::string&) {
        LedgerEntry read{.seq = count(line, "seq"),
                         .transaction = text(line, "transaction"),
                         .booking = id<BookingId>(line, "booking"),
                         .at = time(line, "at"),
                         .posting = {.account = text(line, "account"),
                                     .amount = {.amount = line.integer("amount", kMin, kMax),
                                                .currency = text(line, "currency"),
                                                .scale = static_cast<int>(line.integer("scale", 0, 18))}}};
        return HandOn{[this, read] { reader_.on(read); }};
    }

    Result<HandOn> audit(base::ObjectReader& line, const std::string&) {
        AuditEntry read{.subject = text(line, "subject"),
                        .number = count(line, "number"),
                        .at = time(line, "at"),
                        .actor = text(line, "actor"),
                        .action = text(line, "action"),
                        .detail = text(line, "detail")};
        return HandOn{[this, read] { reader_.on(read); }};
    }

    Result<HandOn> answer(base::ObjectReader& line, const std::string& record) {
        auto value = decode_answer(record);
        if (!value) return unreadable();
        KeptAnswer read{.owner = text(line, "owner"),
                        .operation = text(line, "operation"),
                        .key = text(line, "key"),
                        .fingerprint = text(line, "fingerprint"),
                        .until = time(line, "until"),
                        .value = *std::move(value)};
        return HandOn{[this, read] { reader_.on(read); }};
    }

    Result<HandOn> end(base::ObjectReader& line, const std::string&) {
        if (count(line, "lines") != lines_) return Error{ErrorCode::bad_data, "lines are missing before the end"};
        return HandOn{[this] { ended_ = true; }};
    }

    static Error unreadable() { return {ErrorCode::bad_data, "its record cannot be read"}; }

    RecordReader& reader_;
    std::map<std::string, std::shared_ptr<const Consist>, std::less<>> consists_;
    std::uint64_t lines_ = 0;
    bool ended_ = false;
};

}  // namespace

Status read_lines(const std::function<Result<std::optional<std::string>>()>& next, RecordReader& reader) {
    LineReader lines{reader};
    for (std::size_t line = 1;; ++line) {
        const auto text = next();
        if (!text) return text.error();
        if (!*text) break;
        if (const auto done = lines.read(**text); !done) {
            if (done.error().code != ErrorCode::bad_data) return done;
            return bad_line(line, done.error().detail);
        }
    }
    if (lines.has_ended()) return {};
    return Error{ErrorCode::bad_data, "the dump has no end: a part of it is missing", "dump the other store again"};
}

}  // namespace railbook::store::records
