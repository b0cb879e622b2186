#include "booking/sandbox.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <optional>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "base/encoding.hpp"
#include "base/json.hpp"

namespace railbook::booking {
namespace {

constexpr std::size_t kMaxKey = 255;  // bytes
constexpr std::string_view kNoCurrency = "XXX";

constexpr std::array<std::string_view, 4> kMethods = {"sandbox:success", "sandbox:declined", "sandbox:timeout_before",
                                                      "sandbox:timeout_after"};

Error invalid(std::string detail) { return {ErrorCode::invalid_argument, std::move(detail)}; }
Error no_answer() { return {ErrorCode::unavailable, "the payment provider did not answer in time"}; }
Error key_reused() { return {ErrorCode::key_reused, "the payment's key named another request before"}; }
Error damaged_journal() { return {ErrorCode::damaged, "the sandbox's journal cannot be read"}; }

Status check_key(std::string_view key) {
    if (key.empty() || key.size() > kMaxKey || !base::is_utf8(key) || key.find('\0') != std::string_view::npos)
        return invalid(fmt::format("a payment's key must be a text of 1 to {} bytes", kMaxKey));
    return {};
}

Status check_amount(const Money& amount) {
    const auto scale = decimals_of(amount.currency);
    if (!scale) return scale.error();
    if (amount.scale != *scale) return invalid(fmt::format("{} has {} decimals", amount.currency, *scale));
    if (amount.amount < 0) return invalid("a payment's amount must not be negative");
    return {};
}

std::string to_line(const SandboxGateway::JournalEntry& entry) {
    boost::json::object object{{"at", to_string(entry.at)},         {"key", entry.key},
                               {"operation", entry.operation},      {"amount", entry.amount.amount},
                               {"currency", entry.amount.currency}, {"outcome", entry.outcome}};
    if (!entry.captured_key.empty()) object["captured_key"] = entry.captured_key;
    return boost::json::serialize(object) + '\n';
}

std::optional<SandboxGateway::JournalEntry> from_line(std::string_view line) {
    std::vector<Mistake> mistakes;
    const auto value = base::parse_json(line, ErrorCode::damaged, mistakes);
    if (!value) return std::nullopt;
    base::ObjectReader reader{*value, "", mistakes};
    SandboxGateway::JournalEntry entry;
    const auto at = parse_when(reader.text("at"), "UTC");
    entry.key = reader.text("key");
    entry.operation = reader.text("operation");
    entry.amount.amount = reader.integer("amount", 0, std::numeric_limits<std::int64_t>::max());
    entry.amount.currency = reader.text("currency");
    entry.outcome = reader.text("outcome");
    entry.captured_key = reader.optional_text("captured_key").value_or("");
    reader.finish();
    const bool no_currency = entry.operation == "cancel" && entry.amount.currency == kNoCurrency;
    const auto scale = no_currency ? Result<int>{0} : decimals_of(entry.amount.currency);
    const bool known = (entry.operation == "capture" || entry.operation == "cancel" || entry.operation == "refund") &&
                       (entry.outcome == "done" || entry.outcome == "declined");
    if (!mistakes.empty() || !at || !scale || !known) return std::nullopt;
    entry.at = at->time;
    entry.amount.scale = *scale;
    return entry;
}

Error file_error() {
    switch (errno) {
        case ENOENT:
        case ENOTDIR: return {ErrorCode::not_found, "the folder of the sandbox's journal is not there"};
        case EACCES:
        case EPERM:
        case EROFS:
        case EISDIR: return {ErrorCode::forbidden, "the sandbox's journal may not be written"};
        case ENOSPC:
        case EDQUOT: return {ErrorCode::storage_full, "there is no room for the sandbox's journal"};
        default: return {ErrorCode::internal, "the sandbox's journal cannot be used"};
    }
}

/// Makes the name of a new file last: it stands in its folder, which is written on its own.
bool sync_folder_of(const std::string& path) {
    const auto slash = path.rfind('/');
    const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return false;
    const bool done = ::fsync(descriptor) == 0;
    ::close(descriptor);
    return done;
}

}  // namespace

/// The journal's file. A line is in it wholly or not at all once `append` has returned.
class SandboxGateway::File {
public:
    explicit File(int descriptor) : descriptor_{descriptor} {}
    ~File() { ::close(descriptor_); }
    File(const File&) = delete;
    File& operator=(const File&) = delete;

    /// A device or pipe may have no end, and keeps nothing.
    bool is_regular() const {
        struct stat status{};
        return ::fstat(descriptor_, &status) == 0 && S_ISREG(status.st_mode);
    }

    /// Its whole lines. A line without its end was torn by a crash before anyone was told of it: it is cut off.
    Result<std::string> read_lines() {
        std::string text;
        std::array<char, 65536> buffer{};
        for (;;) {
            const auto count = ::pread(descriptor_, buffer.data(), buffer.size(), static_cast<off_t>(text.size()));
            if (count < 0 && errno == EINTR) continue;
            if (count < 0) return file_error();
            if (count == 0) break;
            text.append(buffer.data(), static_cast<std::size_t>(count));
        }
        const auto end = text.rfind('\n');
        const std::size_t whole = end == std::string::npos ? 0 : end + 1;
        if (whole < text.size() && !cut(whole)) return file_error();
        text.resize(whole);
        size_ = whole;
        return text;
    }

    /// Errors: unavailable; then the line is not there, but for a crash at this moment.
    Status append(std::string_view line) {
        // After a failure that could not be undone the end of the file is unknown, and nothing may follow it.
        if (broken_) return no_answer();
        std::size_t written = 0;
        while (written < line.size()) {
            const auto count = ::pwrite(descriptor_, line.data() + written, line.size() - written,
                                        static_cast<off_t>(size_ + written));
            if (count < 0 && errno == EINTR) continue;
            if (count <= 0) break;
            written += static_cast<std::size_t>(count);
        }
        if (written < line.size() || ::fsync(descriptor_) != 0) {
            broken_ = !cut(size_);
            return no_answer();
        }
        size_ += line.size();
        return {};
    }

private:
    bool cut(std::size_t size) {
        return ::ftruncate(descriptor_, static_cast<off_t>(size)) == 0 && ::fsync(descriptor_) == 0;
    }

    int descriptor_;
    std::size_t size_ = 0;
    bool broken_ = false;
};

SandboxGateway::SandboxGateway(Environment& environment, std::unique_ptr<File> file)
    : environment_{environment}, file_{std::move(file)} {}

SandboxGateway::~SandboxGateway() = default;

Result<std::unique_ptr<SandboxGateway>> SandboxGateway::open(const std::string& journal_path,
                                                             Environment& environment) {
    std::unique_ptr<File> file;
    std::string text;
    if (!journal_path.empty()) {
        const int descriptor = ::open(journal_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
        if (descriptor < 0) return file_error();
        file = std::make_unique<File>(descriptor);
        if (!file->is_regular()) return Error{ErrorCode::forbidden, "the sandbox's journal must be a file"};
        auto lines = file->read_lines();
        if (!lines) return lines.error();
        if (lines->empty() && !sync_folder_of(journal_path)) return file_error();
        text = std::move(*lines);
    }
    std::unique_ptr<SandboxGateway> gateway{new SandboxGateway{environment, std::move(file)}};
    if (const auto loaded = gateway->load(text); !loaded) return loaded.error();
    return gateway;
}

Status SandboxGateway::load(std::string_view text) {
    while (!text.empty()) {
        const auto end = text.find('\n');
        auto entry = from_line(text.substr(0, end));
        if (!entry || !by_key_.emplace(entry->key, entries_.size()).second) return damaged_journal();
        entries_.push_back(std::move(*entry));
        text.remove_prefix(end + 1);
    }
    return {};
}

const SandboxGateway::JournalEntry* SandboxGateway::find(std::string_view key) const {
    const auto found = by_key_.find(key);
    return found == by_key_.end() ? nullptr : &entries_[found->second];
}

Status SandboxGateway::record(JournalEntry entry) {
    if (file_) {
        if (const auto written = file_->append(to_line(entry)); !written) return written;
    }
    by_key_.emplace(entry.key, entries_.size());
    entries_.push_back(std::move(entry));
    return {};
}

Status SandboxGateway::check_method(std::string_view method) const {
    if (std::ranges::find(kMethods, method) != kMethods.end()) return {};
    return Error{ErrorCode::invalid_argument,
                 fmt::format("'{}' is not a method of the sandbox", base::shortened(method, 64)),
                 fmt::format("it has {}", fmt::join(kMethods, ", "))};
}

Status SandboxGateway::capture(std::string_view key, const Money& amount, std::string_view method) {
    if (const auto known = check_method(method); !known) return known;
    if (const auto fine = check_key(key); !fine) return fine;
    if (const auto fine = check_amount(amount); !fine) return fine;
    if (method == "sandbox:timeout_before") return no_answer();
    const Timestamp now = environment_.now();
    const std::lock_guard lock{mutex_};
    if (const auto* earlier = find(key)) {
        // What was cancelled stays so, whatever arrives late: the answer is in the query.
        const bool same = earlier->operation == "capture" && earlier->amount == amount;
        if (!same && earlier->operation != "cancel") return key_reused();
    } else {
        const std::string outcome = method == "sandbox:declined" ? "declined" : "done";
        const auto recorded = record({now, std::string{key}, "capture", amount, outcome, ""});
        if (!recorded) return recorded;
    }
    if (method == "sandbox:timeout_after") return no_answer();
    return {};
}

Status SandboxGateway::cancel(std::string_view key) {
    if (const auto fine = check_key(key); !fine) return fine;
    const Timestamp now = environment_.now();
    const std::lock_guard lock{mutex_};
    if (find(key)) return {};
    return record({now, std::string{key}, "cancel", {0, std::string{kNoCurrency}, 0}, "declined", ""});
}

Status SandboxGateway::refund(std::string_view key, std::string_view captured_key, const Money& amount) {
    if (const auto fine = check_key(key); !fine) return fine;
    if (const auto fine = check_amount(amount); !fine) return fine;
    const Timestamp now = environment_.now();
    const std::lock_guard lock{mutex_};
    const auto* captured = find(captured_key);
    if (!captured || captured->operation != "capture" || captured->outcome != "done")
        return Error{ErrorCode::not_found, "no money was captured under that key"};
    if (const auto* earlier = find(key)) {
        if (earlier->operation == "refund" && earlier->captured_key == captured_key && earlier->amount == amount)
            return {};
        return key_reused();
    }
    // Of one currency and never negative, so what is left cannot overflow.
    std::int64_t left = captured->amount.amount;
    for (const auto& entry : entries_) {
        if (entry.operation == "refund" && entry.captured_key == captured_key && entry.outcome == "done")
            left -= entry.amount.amount;
    }
    const bool fits = amount.currency == captured->amount.currency && amount.amount <= left;
    return record({now, std::string{key}, "refund", amount, fits ? "done" : "declined", std::string{captured_key}});
}

Result<ProviderAnswer> SandboxGateway::query(std::string_view key) {
    const std::lock_guard lock{mutex_};
    const auto* entry = find(key);
    if (!entry) return ProviderAnswer::unknown;
    return entry->outcome == "done" ? ProviderAnswer::done : ProviderAnswer::declined;
}

std::vector<SandboxGateway::JournalEntry> SandboxGateway::journal() const {
    const std::lock_guard lock{mutex_};
    return entries_;
}

}  // namespace railbook::booking
