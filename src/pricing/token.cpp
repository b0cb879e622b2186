#include "pricing/token.hpp"

#include <algorithm>
#include <limits>

#include <boost/json/serialize.hpp>

#include "base/encoding.hpp"
#include "base/json.hpp"

namespace railbook::pricing {
namespace {

namespace json = boost::json;

/// Of the payload. Another one gets another number, so that an old token is never read wrongly.
constexpr std::int64_t kFormat = 2;
constexpr std::int64_t kMaxInt = std::numeric_limits<std::int64_t>::max();

Error not_a_quote() {
    return {ErrorCode::invalid_argument, "the quote token is not one of this store", "create a new quote"};
}

json::object write_call(const CallId& call) {
    return {{"feed", call.station.feed}, {"stop", call.station.stop}, {"nth", call.nth}};
}

json::object write_leg(const QuotedLeg& leg) {
    // The ids are written in parts: as one text, a trip id that ends like a start time would be read as another run.
    json::object object{{"date", to_string(leg.run.date)}, {"feed", leg.run.trip.feed},
                        {"trip", leg.run.trip.trip},       {"span", json::array{leg.span.from, leg.span.to}},
                        {"from", write_call(leg.from)},    {"to", write_call(leg.to)},
                        {"metres", leg.distance},          {"departs", leg.departs.time_since_epoch().count()}};
    if (leg.run.start) object["start"] = *leg.run.start;
    return object;
}

/// The payload repeats no text: a line names its passenger and its rule by their places in the lists.
std::string write_payload(const Quote& quote, const std::string& key_id) {
    json::array legs;
    for (const auto& leg : quote.legs) legs.push_back(write_leg(leg));
    json::array passengers;
    for (const auto& passenger : quote.passengers) {
        json::object object{{"id", passenger.id}, {"type", passenger.type}};
        if (!passenger.card.empty()) object["card"] = passenger.card;
        passengers.push_back(std::move(object));
    }
    std::vector<std::string> rules;
    json::array lines;
    for (const auto& line : quote.lines) {
        const auto passenger = std::ranges::find(quote.passengers, line.passenger, &QuotedPassenger::id);
        auto rule = std::ranges::find(rules, line.rule);
        if (rule == rules.end()) rule = rules.insert(rule, line.rule);
        lines.push_back({{"passenger", passenger - quote.passengers.begin()},
                         {"leg", line.leg},
                         {"rule", rule - rules.begin()},
                         {"amount", line.amount.amount}});
    }
    return json::serialize(json::object{{"format", kFormat},
                                        {"key", key_id},
                                        {"id", to_string(quote.id)},
                                        {"tariff", quote.tariff},
                                        {"version", quote.tariff_version},
                                        {"class", quote.travel_class},
                                        {"flexibility", quote.flexibility},
                                        {"currency", quote.total.currency},
                                        {"scale", quote.total.scale},
                                        {"legs", std::move(legs)},
                                        {"passengers", std::move(passengers)},
                                        {"rules", json::array(rules.begin(), rules.end())},
                                        {"lines", std::move(lines)},
                                        {"created_at", quote.created_at.time_since_epoch().count()},
                                        {"expires_at", quote.expires_at.time_since_epoch().count()}});
}

/// Reads a payload whose signature is right. It is checked all the same: another version may have signed it.
class PayloadReader {
public:
    Result<Quote> read(const json::value& value, const std::string& key_id) {
        base::ObjectReader root{value, "", mistakes_};
        if (root.integer("format", 0, kMaxInt) != kFormat || root.text("key") != key_id) return not_a_quote();
        const auto id = QuoteId::parse(root.text("id"));
        if (!id) return not_a_quote();
        quote_.id = *id;
        quote_.tariff = root.text("tariff");
        quote_.tariff_version = static_cast<std::uint64_t>(root.integer("version", 0, kMaxInt));
        quote_.travel_class = root.text("class");
        quote_.flexibility = root.text("flexibility");
        quote_.total.currency = root.text("currency");
        quote_.total.scale = static_cast<int>(root.integer("scale", 0, 9));
        quote_.created_at = read_time(root, "created_at");
        quote_.expires_at = read_time(root, "expires_at");
        root.array("legs", kMaxToken, false,
                   [&](const json::value& leg, const std::string& pointer) { read_leg({leg, pointer, mistakes_}); });
        root.array("passengers", kMaxToken, false, [&](const json::value& passenger, const std::string& pointer) {
            base::ObjectReader reader{passenger, pointer, mistakes_};
            QuotedPassenger read{.id = reader.text("id"), .type = {}};
            read.type = reader.text("type");
            read.card = reader.optional_text("card").value_or("");
            quote_.passengers.push_back(std::move(read));
            reader.finish();
        });
        const auto rules = root.texts("rules", kMaxToken);
        root.array("lines", kMaxToken, false, [&](const json::value& line, const std::string& pointer) {
            read_line({line, pointer, mistakes_}, rules);
        });
        root.finish();
        if (!mistakes_.empty()) return not_a_quote();
        for (const auto& line : quote_.lines) {
            const auto sum = add(quote_.total, line.amount);
            if (!sum) return not_a_quote();
            quote_.total = *sum;
        }
        return std::move(quote_);
    }

    std::vector<Mistake>& mistakes() { return mistakes_; }

private:
    static Timestamp read_time(base::ObjectReader& reader, std::string_view member) {
        return Timestamp{Duration{reader.integer(member, std::numeric_limits<std::int64_t>::min(), kMaxInt)}};
    }

    CallId read_call(base::ObjectReader& leg, std::string_view member) {
        auto reader = leg.object(member);
        if (!reader) return {};
        CallId call;
        call.station.feed = reader->text("feed", kMaxToken);
        call.station.stop = reader->text("stop", kMaxToken);
        call.nth = static_cast<int>(reader->integer("nth", 0, std::numeric_limits<int>::max()));
        reader->finish();
        return call;
    }

    void read_leg(base::ObjectReader reader) {
        QuotedLeg leg;
        if (const auto date = parse_date(reader.text("date"))) leg.run.date = *date;
        else reader.mistake("date", "is not a date");
        leg.run.trip.feed = reader.text("feed", kMaxToken);
        leg.run.trip.trip = reader.text("trip", kMaxToken);
        if (const auto start = reader.optional_integer("start", 0, std::numeric_limits<int>::max()))
            leg.run.start = static_cast<int>(*start);
        std::vector<std::uint16_t> span;
        reader.array("span", 2, true, [&](const json::value& value, const std::string& pointer) {
            const auto* number = value.if_int64();
            if (number && *number >= 0 && *number <= std::numeric_limits<std::uint16_t>::max())
                span.push_back(static_cast<std::uint16_t>(*number));
            else mistakes_.push_back({pointer, "is not a segment"});
        });
        if (span.size() == 2 && span[0] < span[1]) leg.span = {span[0], span[1]};
        else reader.mistake("span", "is not a span");
        leg.from = read_call(reader, "from");
        leg.to = read_call(reader, "to");
        leg.distance = reader.integer("metres", std::numeric_limits<std::int64_t>::min(), kMaxInt);
        leg.departs = read_time(reader, "departs");
        reader.finish();
        quote_.legs.push_back(std::move(leg));
    }

    void read_line(base::ObjectReader reader, const std::vector<std::string>& rules) {
        const auto passenger = static_cast<std::size_t>(reader.integer("passenger", 0, kMaxInt));
        const auto leg = static_cast<std::size_t>(reader.integer("leg", 0, kMaxInt));
        const auto rule = static_cast<std::size_t>(reader.integer("rule", 0, kMaxInt));
        const auto amount = reader.integer("amount", std::numeric_limits<std::int64_t>::min(), kMaxInt);
        reader.finish();
        if (passenger >= quote_.passengers.size() || leg >= quote_.legs.size() || rule >= rules.size()) {
            mistakes_.push_back({reader.pointer(), "names what there is not"});
            return;
        }
        quote_.lines.push_back({.passenger = quote_.passengers[passenger].id,
                                .leg = leg,
                                .rule = rules[rule],
                                .amount = {amount, quote_.total.currency, quote_.total.scale}});
    }

    Quote quote_;
    std::vector<Mistake> mistakes_;
};

}  // namespace

std::string make_token(const Quote& quote, const base::SigningKey& key) {
    const auto payload = write_payload(quote, key.id());
    return base::base64url(payload) + '.' + base::base64url(key.sign(payload));
}

Result<Quote> read_token(std::string_view token, const base::SigningKey& key, std::optional<Timestamp> now) {
    const auto dot = token.find('.');
    if (token.size() > kMaxToken || dot == std::string_view::npos) return not_a_quote();
    const auto payload = base::from_base64url(token.substr(0, dot));
    const auto signature = base::from_base64url(token.substr(dot + 1));
    // Nothing of a payload is read before its signature was found to be right.
    if (!payload || !signature || !key.verify(*payload, *signature)) return not_a_quote();
    PayloadReader reader;
    const auto value = base::parse_json(*payload, ErrorCode::invalid_argument, reader.mistakes());
    if (!value) return not_a_quote();
    auto quote = reader.read(*value, key.id());
    if (!quote) return quote;
    if (now && *now >= quote->expires_at) {
        return Error{ErrorCode::quote_expired, "the quote expired at " + to_string(quote->expires_at),
                     "create a new quote"};
    }
    quote->token = token;
    return quote;
}

}  // namespace railbook::pricing
