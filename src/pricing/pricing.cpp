#include <railbook/pricing.hpp>

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "base/crypto.hpp"
#include "base/encoding.hpp"
#include "documents/default_tariff.hpp"
#include "pricing/fares.hpp"
#include "pricing/tariff.hpp"
#include "pricing/token.hpp"

namespace railbook {
namespace {

constexpr std::size_t kMaxPassengers = 9;
constexpr std::size_t kMaxLegs = 16;         // of a journey with seven changes, some of whose trains continue as others
constexpr std::size_t kMaxPassengerId = 64;  // bytes
constexpr std::size_t kMaxShown = 64;        // bytes of a caller's text in an error
constexpr std::string_view kSigningKey = "quote-signing-key";

Error invalid(std::string detail) { return {ErrorCode::invalid_argument, std::move(detail)}; }

const Document& built_in_tariff() {
    static const Document document{.kind = DocumentKind::tariff,
                                   .name = std::string{pricing::kDefaultTariff},
                                   .version = 1,
                                   .text = k_default_tariff_json};
    return document;
}

/// The newest version of the tariff of that name; of the one that was imported last where the name is empty.
const Document* find_document(const std::vector<Document>& imported, std::string_view name) {
    if (name.empty()) name = imported.empty() ? pricing::kDefaultTariff : std::string_view{imported.back().name};
    if (name == pricing::kDefaultTariff) return &built_in_tariff();
    const Document* newest = nullptr;
    for (const auto& document : imported) {
        if (document.name == name && (!newest || document.version > newest->version)) newest = &document;
    }
    return newest;
}

Result<pricing::Tariff> parse_stored(const Document& document) {
    auto tariff = pricing::parse_tariff(document.text, ErrorCode::damaged);
    if (tariff) return tariff;
    return Error{ErrorCode::damaged,
                 fmt::format("the stored tariff '{}' is not valid: {}", document.name, tariff.error().detail)};
}

Error no_such_tariff(std::string_view name) {
    return {ErrorCode::not_found, fmt::format("there is no tariff '{}'", base::shortened(name, kMaxShown)),
            "'railbook tariff list' shows the tariffs"};
}

/// The passengers with an id each, given by their order where they have none.
Result<std::vector<QuotePassenger>> name_passengers(std::vector<QuotePassenger> passengers) {
    if (passengers.empty() || passengers.size() > kMaxPassengers)
        return invalid(fmt::format("a quote is for 1 to {} passengers", kMaxPassengers));
    std::set<std::string_view> ids;
    for (std::size_t i = 0; i < passengers.size(); ++i) {
        auto& id = passengers[i].id;
        if (id.empty()) id = fmt::format("{}", i + 1);
        if (id.size() > kMaxPassengerId || !base::is_utf8(id) || id.find('\0') != std::string::npos)
            return invalid(
                fmt::format("the id of passenger {} is not a text of at most {} bytes", i + 1, kMaxPassengerId));
        if (!ids.insert(id).second) return invalid(fmt::format("two passengers have the id '{}'", id));
    }
    return passengers;
}

/// A ride that is to be priced, as the timetable has it.
Result<QuotedLeg> resolve(Timetable& timetable, const QuoteLeg& leg, const std::string& travel_class) {
    const auto run = timetable.run(leg.run);
    if (!run) return run.error();
    const auto from = find_call(*run, leg.from);
    if (!from) return from.error();
    const auto to = find_call(*run, leg.to, *from + 1);
    if (!to) return to.error();
    const auto& board = run->calls[*from];
    const auto& alight = run->calls[*to];
    if (!board.pick_up) return invalid(fmt::format("{} lets nobody board at {}", run->train, board.name));
    if (!alight.drop_off) return invalid(fmt::format("{} lets nobody alight at {}", run->train, alight.name));
    const bool has_class = std::ranges::any_of(run->consist->coaches,
                                               [&](const Coach& coach) { return coach.travel_class == travel_class; });
    if (!has_class) return invalid(fmt::format("{} has no coach of class '{}'", run->train, travel_class));
    return QuotedLeg{.run = run->id,
                     .span = {static_cast<std::uint16_t>(*from), static_cast<std::uint16_t>(*to)},
                     .from = board.id,
                     .to = alight.id,
                     .distance = alight.distance - board.distance,
                     .departs = *board.departs};
}

/// What a quote is about, as its tariff has it.
struct Terms {
    pricing::Sale sale;
    std::vector<const pricing::PassengerType*> types;  ///< Of the passengers.
    std::vector<const pricing::Card*> cards;           ///< The same; null: none.
};

pricing::Sale sale_of(const Quote& quote, std::size_t travel_class, const pricing::Flexibility& flexibility) {
    return {.travel_class = travel_class,
            .flexibility = &flexibility,
            .passengers = quote.passengers.size(),
            .ahead = quote.legs.front().departs - quote.created_at};
}

/// A fare for each passenger on each leg, leg by leg.
Result<std::vector<pricing::Fare>> fares_of(const pricing::Tariff& tariff, const Terms& terms, const Quote& quote) {
    std::vector<pricing::Fare> fares;
    for (const auto& leg : quote.legs) {
        for (std::size_t i = 0; i < terms.types.size(); ++i) {
            auto fare = pricing::fare_of(tariff, terms.sale, leg.distance, *terms.types[i], terms.cards[i]);
            if (!fare) return fare.error();
            fares.push_back(*std::move(fare));
        }
    }
    return fares;
}

std::string_view name_of(pricing::RoundingMode mode) {
    switch (mode) {
        case pricing::RoundingMode::half_up: return "half_up";
        case pricing::RoundingMode::half_even: return "half_even";
        case pricing::RoundingMode::up: return "up";
        case pricing::RoundingMode::down: return "down";
    }
    RAILBOOK_ASSERT(false && "a mode outside the list");
}

}  // namespace

struct Pricing::Signer {
    base::SigningKey key;
};

struct Pricing::Known {
    pricing::Tariff tariff;
    Timestamp looked_at;
};

Pricing::Pricing(Environment& environment, Store& store, Timetable& timetable, PricingPolicy policy)
    : environment_{environment}, store_{store}, timetable_{timetable}, policy_{policy} {}

Pricing::~Pricing() = default;

Result<const Pricing::Signer*> Pricing::signer() {
    {
        const std::lock_guard lock{mutex_};
        if (signer_) return signer_.get();
    }
    // Not under the lock, which is never held across a call of a port: two threads may both ask, and get one key.
    const auto seed =
        store_.accounts().find_or_add_secret(kSigningKey, base::random_text(environment_, base::SigningKey::kSeedSize));
    if (!seed) return seed.error();
    auto key = base::SigningKey::from_seed(*seed);
    if (!key) return key.error();
    const std::lock_guard lock{mutex_};
    if (!signer_) signer_ = std::make_unique<Signer>(Signer{std::move(*key)});
    return signer_.get();
}

Result<Quote> Pricing::quote(const QuoteRequest& request) {
    const auto now = store_.now();
    if (!now) return now.error();
    if (request.legs.empty() || request.legs.size() > kMaxLegs)
        return invalid(fmt::format("a quote is for 1 to {} rides", kMaxLegs));
    const auto passengers = name_passengers(request.passengers);
    if (!passengers) return passengers.error();
    if (request.cards.size() > passengers->size())
        return invalid("a passenger uses one card, and there are more cards than passengers");

    const auto imported = store_.timetable().documents(DocumentKind::tariff);
    if (!imported) return imported.error();
    const auto* document = find_document(*imported, request.tariff);
    if (!document) return no_such_tariff(request.tariff);
    const auto tariff = parse_stored(*document);
    if (!tariff) return tariff.error();
    const auto travel_class = pricing::find_class(*tariff, request.travel_class);
    if (!travel_class) return travel_class.error();
    const auto flexibility = pricing::find_flexibility(*tariff, request.flexibility);
    if (!flexibility) return flexibility.error();

    Quote quote{.id = QuoteId::make(environment_),
                .tariff = tariff->name,
                .tariff_version = tariff->version,
                .travel_class = tariff->classes[*travel_class],
                .flexibility = (*flexibility)->code,
                .legs = {},
                .passengers = {},
                .lines = {},
                .total = {0, tariff->currency, tariff->scale},
                .created_at = *now,
                .expires_at = *now + policy_.quote_ttl,
                .token = {}};
    Terms terms;
    for (const auto& passenger : *passengers) {
        const auto type = pricing::find_passenger_type(*tariff, passenger.type, passenger.age);
        if (!type) return type.error();
        terms.types.push_back(*type);
        quote.passengers.push_back({passenger.id, (*type)->type});
    }
    for (const auto& wanted : request.legs) {
        auto leg = resolve(timetable_, wanted, quote.travel_class);
        if (!leg) return leg.error();
        quote.legs.push_back(*std::move(leg));
    }
    terms.sale = sale_of(quote, *travel_class, **flexibility);
    auto cards = pricing::deal_cards(*tariff, terms.sale, terms.types, request.cards);
    if (!cards) return cards.error();
    terms.cards = *std::move(cards);
    for (std::size_t i = 0; i < terms.cards.size(); ++i) {
        if (terms.cards[i]) quote.passengers[i].card = terms.cards[i]->code;
    }
    auto fares = fares_of(*tariff, terms, quote);
    if (!fares) return fares.error();
    for (std::size_t i = 0; i < fares->size(); ++i) {
        auto& fare = (*fares)[i];
        const Money amount{fare.amount, tariff->currency, tariff->scale};
        const auto sum = add(quote.total, amount);
        if (!sum) return sum.error();
        quote.total = *sum;
        const auto who = i % quote.passengers.size();
        quote.lines.push_back({quote.passengers[who].id, i / quote.passengers.size(), std::move(fare.rule), amount});
    }

    const auto key = signer();
    if (!key) return key.error();
    quote.token = pricing::make_token(quote, (*key)->key);
    if (quote.token.size() > pricing::kMaxToken)
        return Error{ErrorCode::too_large, "the ids of the rides are too long for a quote",
                     "quote fewer rides at once"};
    return quote;
}

Result<QuoteExplanation> Pricing::explain(std::string_view token) {
    const auto key = signer();
    if (!key) return key.error();
    auto quote = pricing::read_token(token, (*key)->key, std::nullopt);
    if (!quote) return quote.error();
    const auto documents = tariffs();
    if (!documents) return documents.error();
    const auto document = std::ranges::find_if(*documents, [&](const Document& each) {
        return each.name == quote->tariff && each.version == quote->tariff_version;
    });
    if (document == documents->end()) return no_such_tariff(quote->tariff);
    const auto tariff = parse_stored(*document);
    if (!tariff) return tariff.error();

    const auto changed = [&] {
        return Error{ErrorCode::damaged, fmt::format("version {} of the tariff '{}' gives another price than it gave",
                                                     quote->tariff_version, quote->tariff)};
    };
    const auto travel_class = pricing::find_class(*tariff, quote->travel_class);
    const auto flexibility = pricing::find_flexibility(*tariff, quote->flexibility);
    if (!travel_class || !flexibility || quote->legs.empty()) return changed();
    Terms terms{.sale = sale_of(*quote, *travel_class, **flexibility), .types = {}, .cards = {}};
    for (const auto& passenger : quote->passengers) {
        const auto type = pricing::find_passenger_type(*tariff, passenger.type, std::nullopt);
        const auto card = std::ranges::find(tariff->cards, passenger.card, &pricing::Card::code);
        const bool has_card = card != tariff->cards.end();
        if (!type || has_card == passenger.card.empty()) return changed();
        terms.types.push_back(*type);
        terms.cards.push_back(has_card ? &*card : nullptr);
    }
    const auto fares = fares_of(*tariff, terms, *quote);
    if (!fares || fares->size() != quote->lines.size()) return changed();
    const auto money = [&](std::int64_t amount) { return Money{amount, tariff->currency, tariff->scale}; };
    QuoteExplanation explanation{.quote = {},
                                 .rounding_unit = money(tariff->rounding.unit),
                                 .rounding_mode = std::string{name_of(tariff->rounding.mode)},
                                 .lines = {}};
    for (std::size_t i = 0; i < fares->size(); ++i) {
        const auto& fare = (*fares)[i];
        const auto& line = quote->lines[i];
        if (money(fare.amount) != line.amount || fare.rule != line.rule) return changed();
        ExplainedLine explained{.line = line, .base = money(fare.base), .shares = {}};
        for (const auto& share : fare.shares) explained.shares.push_back({share.name, share.percent});
        explanation.lines.push_back(std::move(explained));
    }
    explanation.quote = *std::move(quote);
    return explanation;
}

Result<std::shared_ptr<const Pricing::Known>> Pricing::known_tariff() {
    const Timestamp now = environment_.now();
    std::uint64_t imports = 0;
    {
        const std::lock_guard lock{mutex_};
        imports = imports_;
        if (known_ && now >= known_->looked_at && now < known_->looked_at + kLookEvery) return known_;
    }
    const auto imported = store_.timetable().documents(DocumentKind::tariff);
    if (!imported) return imported.error();
    auto tariff = parse_stored(*find_document(*imported, {}));
    if (!tariff) return tariff.error();
    auto known = std::make_shared<const Known>(Known{*std::move(tariff), now});
    const std::lock_guard lock{mutex_};
    // What was imported meanwhile may not be in what was read.
    if (imports == imports_) known_ = known;
    return known;
}

Result<LowestPrices> Pricing::lowest_prices(const std::vector<QuotePassenger>& passengers,
                                            const std::vector<PricedJourney>& journeys) {
    if (const auto named = name_passengers(passengers); !named) return named.error();
    const auto known = known_tariff();
    if (!known) return known.error();
    const auto& tariff = (*known)->tariff;
    std::vector<const pricing::PassengerType*> types;
    for (const auto& passenger : passengers) {
        const auto type = pricing::find_passenger_type(tariff, passenger.type, passenger.age);
        if (!type) return type.error();
        types.push_back(*type);
    }
    const Timestamp now = environment_.now();
    const auto price_in = [&](const std::vector<const pricing::DistanceBand*>& bands, const pricing::Sale& sale) {
        std::int64_t sum = 0;
        for (const auto* band : bands) {
            for (const auto* type : types) sum += pricing::amount_of(tariff, sale, *band, *type, nullptr);
        }
        return sum;
    };
    LowestPrices answer{.currency = tariff.currency, .prices = {}};
    for (const auto& journey : journeys) {
        auto& lowest = answer.prices.emplace_back();
        std::vector<const pricing::DistanceBand*> bands;
        for (const auto metres : journey.distances) bands.push_back(pricing::find_band(tariff, metres));
        if (std::ranges::count(bands, nullptr) > 0) continue;
        for (const auto& name : journey.classes) {
            const auto found = std::ranges::find(tariff.classes, name);
            if (found == tariff.classes.end()) continue;
            const auto travel_class = static_cast<std::size_t>(found - tariff.classes.begin());
            for (const auto& flexibility : tariff.flexibility) {
                const auto price = price_in(bands, {.travel_class = travel_class,
                                                    .flexibility = &flexibility,
                                                    .passengers = types.size(),
                                                    .ahead = journey.departure - now});
                if (!lowest || price < lowest->amount) lowest = Money{price, tariff.currency, tariff.scale};
            }
        }
    }
    return answer;
}

Result<Quote> Pricing::check(std::string_view token, Timestamp now) {
    const auto key = signer();
    if (!key) return key.error();
    return pricing::read_token(token, (*key)->key, now);
}

Result<Document> Pricing::import_tariff(std::string_view json) {
    const auto tariff = pricing::parse_tariff(json, ErrorCode::bad_data);
    if (!tariff) return tariff.error();
    if (tariff->name == pricing::kDefaultTariff) {
        return Error{ErrorCode::bad_data,
                     "/tariff: 'default' is the built-in tariff",
                     "give yours another name",
                     {{"/tariff", "is the name of the built-in tariff"}}};
    }
    const auto now = store_.now();
    if (!now) return now.error();
    auto stored = store_.timetable().put_document({.kind = DocumentKind::tariff,
                                                   .name = tariff->name,
                                                   .version = tariff->version,
                                                   .text = std::string{json},
                                                   .imported_at = *now},
                                                  *now);
    const std::lock_guard lock{mutex_};
    ++imports_;
    known_ = nullptr;
    return stored;
}

Result<std::vector<Document>> Pricing::tariffs() {
    auto documents = store_.timetable().documents(DocumentKind::tariff);
    if (!documents) return documents;
    documents->insert(documents->begin(), built_in_tariff());
    return documents;
}

Result<Document> Pricing::tariff(std::string_view name) {
    const auto imported = store_.timetable().documents(DocumentKind::tariff);
    if (!imported) return imported.error();
    // An empty name means something to a quote only.
    const auto* document = name.empty() ? nullptr : find_document(*imported, name);
    if (!document) return no_such_tariff(name);
    return *document;
}

}  // namespace railbook
