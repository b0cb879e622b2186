#pragma once
/// Pricing: what a ride costs, promised until a stated time and signed.

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <railbook/environment.hpp>
#include <railbook/ids.hpp>
#include <railbook/money.hpp>
#include <railbook/stores.hpp>
#include <railbook/timetable.hpp>

namespace railbook {

struct QuotePassenger {
    std::string id;
    std::optional<std::string> type = std::nullopt;  ///< Of the tariff; given instead of `age`.
    std::optional<int> age = std::nullopt;           ///< At travel.
    bool operator==(const QuotePassenger&) const = default;
};

/// A ride to be priced: calls of a run, as ids or names (see `find_call`).
struct QuoteLeg {
    RunId run;
    std::string from;
    std::string to;
};

struct QuoteRequest {
    std::vector<QuoteLeg> legs;
    std::vector<QuotePassenger> passengers;
    std::string travel_class = {};  ///< Empty: the last class of the tariff (the cheapest, by convention).
    std::string flexibility = {};   ///< Empty: the first of the tariff.
    std::string tariff = {};        ///< Empty: the newest imported one, else `default`.
    /// Codes of the tariff, each of which one of the passengers owns: the one who pays most of those who can use it.
    std::vector<std::string> cards = {};
};

/// One passenger on one leg, and the rule of the tariff that made the amount.
struct QuoteLine {
    std::string passenger;
    std::size_t leg = 0;
    std::string rule;
    Money amount;
    bool operator==(const QuoteLine&) const = default;
};

struct QuotedLeg {
    RunId run;
    Span span;
    CallId from;
    CallId to;
    std::int64_t distance = 0;  ///< In metres, as it was priced.
    Timestamp departs{};
    bool operator==(const QuotedLeg&) const = default;
};
struct QuotedPassenger {
    std::string id;
    std::string type;
    std::string card = {};  ///< Its code; empty: none.
    bool operator==(const QuotedPassenger&) const = default;
};

/// A price promised until `expires_at`.
struct Quote {
    QuoteId id;
    std::string tariff;
    std::uint64_t tariff_version = 0;
    std::string travel_class;
    std::string flexibility;
    std::vector<QuotedLeg> legs;
    std::vector<QuotedPassenger> passengers;
    std::vector<QuoteLine> lines;
    Money total;             ///< The exact sum of the lines.
    Timestamp created_at{};  ///< The moment of the sale: early ones may cost less.
    Timestamp expires_at{};
    std::string token;  ///< All of the above, signed: whoever presents it gets this price.
    bool operator==(const Quote&) const = default;
};

/// How one line of a quote came about: of the base amount these percentages were taken, and the rest was rounded once.
struct PriceShare {
    std::string name;  ///< Such as `child`.
    int percent = 100;
    bool operator==(const PriceShare&) const = default;
};
struct ExplainedLine {
    QuoteLine line;
    Money base;
    std::vector<PriceShare> shares;
};
struct QuoteExplanation {
    Quote quote;
    Money rounding_unit;
    std::string rounding_mode;
    std::vector<ExplainedLine> lines;  ///< Those of the quote, in their order.
};

/// A journey of which the lowest price is asked for.
struct PricedJourney {
    std::vector<std::int64_t> distances;  ///< Of each ride, in metres.
    std::vector<std::string> classes;     ///< In one of which all of it would be bought.
    Timestamp departure{};
};

/// What journeys cost at least.
struct LowestPrices {
    std::string currency;                      ///< Of all of them.
    std::vector<std::optional<Money>> prices;  ///< A journey each; nothing where it has no fare.
};

struct PricingPolicy {
    Duration quote_ttl = std::chrono::minutes{30};
};

/// Thread-safe. Environment, store and timetable must outlive this object.
class Pricing {
public:
    static constexpr Duration kLookEvery = std::chrono::seconds{2};

    Pricing(Environment& environment, Store& store, Timetable& timetable, PricingPolicy policy);
    ~Pricing();

    /// Errors: invalid_argument (a leg, passenger, class or flexibility that there is not); not_found.
    Result<Quote> quote(const QuoteRequest& request);
    /// The lowest price of each journey for all the passengers together, over its classes and every flexibility. By the
    /// tariff of quotes that name none, which is remembered: what another process imports counts after kLookEvery.
    /// Errors: invalid_argument (passengers).
    Result<LowestPrices> lowest_prices(const std::vector<QuotePassenger>& passengers,
                                       const std::vector<PricedJourney>& journeys);
    /// Why the quote of a token costs what it costs, computed again from the version of its tariff; expired ones, too.
    /// Errors: invalid_argument (not a token, or not signed by this store); not_found (the tariff is no longer there);
    /// damaged (the tariff says another price).
    Result<QuoteExplanation> explain(std::string_view token);
    /// The quote that a token carries. Errors: invalid_argument (not a token, or not signed by this store);
    /// quote_expired.
    Result<Quote> check(std::string_view token, Timestamp now);

    /// Imports a tariff (a JSON document, see docs/tariff.md). Errors: bad_data with pointers; conflict (that version
    /// exists with another text).
    Result<Document> import_tariff(std::string_view json);
    /// Every tariff, the built-in `default` first.
    Result<std::vector<Document>> tariffs();
    /// The newest version of one. Errors: not_found.
    Result<Document> tariff(std::string_view name);

private:
    struct Signer;
    struct Known;
    Result<const Signer*> signer();
    Result<std::shared_ptr<const Known>> known_tariff();

    Environment& environment_;
    Store& store_;
    Timetable& timetable_;
    PricingPolicy policy_;
    std::mutex mutex_;
    std::unique_ptr<Signer> signer_;      // made on first use: its key is in the store
    std::shared_ptr<const Known> known_;  // the tariff of quotes that name none, as it was last looked up
    std::uint64_t imports_ = 0;           // of tariffs, through this object
};

}  // namespace railbook
