#include "pricing/tariff.hpp"

#include <algorithm>

#include <fmt/format.h>

#include <railbook/money.hpp>

#include "base/encoding.hpp"
#include "base/json.hpp"

namespace railbook::pricing {
namespace {

constexpr std::size_t kMaxBytes = std::size_t{256} * 1024;  // of a document
constexpr std::int64_t kMaxVersion = 1'000'000'000;
// Together these keep every fare below 10^12, so that sums of them are far from the end of 64 bits.
constexpr std::int64_t kMaxAmount = 1'000'000'000;
constexpr std::int64_t kMaxUnit = 1'000'000;
constexpr std::int64_t kMaxPercent = 1000;
constexpr std::int64_t kMaxKilometres = 100'000;
constexpr std::int64_t kMaxAge = 150;
constexpr std::int64_t kMaxHours = 24 * 366;
constexpr std::size_t kMaxClasses = 8;
constexpr std::size_t kMaxTypes = 32;
constexpr std::size_t kMaxBands = 1000;
constexpr std::size_t kMaxFlexibility = 16;
constexpr std::size_t kMaxConditions = 16;
constexpr std::size_t kMaxAdvance = 16;
constexpr std::size_t kMaxCards = 64;
constexpr std::size_t kMaxGroups = 16;
constexpr std::int64_t kMaxGroup = 1000;
constexpr std::size_t kMaxCountries = 250;

bool is_small(char c) { return c >= 'a' && c <= 'z'; }
bool is_capital(char c) { return c >= 'A' && c <= 'Z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Names of tariffs, classes and passenger types.
bool is_word(std::string_view text) {
    return text.size() <= 32 &&
           std::ranges::all_of(text, [](char c) { return is_small(c) || is_digit(c) || c == '-' || c == '_'; });
}
bool is_code(std::string_view text) {
    return text.size() <= 16 &&
           std::ranges::all_of(text, [](char c) { return is_capital(c) || is_digit(c) || c == '_'; });
}
bool is_country(std::string_view text) { return text.size() == 2 && std::ranges::all_of(text, is_capital); }

constexpr std::string_view kWordRule = "must have at most 32 small letters, digits, - or _";

constexpr std::size_t kMaxShown = 64;  // bytes of a caller's text in an error

template <class Element>
std::string list_of(const std::vector<Element>& elements, std::string Element::* name) {
    std::string list;
    for (const auto& element : elements) list += (list.empty() ? "" : ", ") + element.*name;
    return list;
}

/// Reads the one document; what is wrong with it gathers in `mistakes_`.
class TariffReader {
public:
    explicit TariffReader(std::vector<Mistake>& mistakes) : mistakes_{mistakes} {}

    Tariff read(const boost::json::value& value) {
        base::ObjectReader root{value, "", mistakes_};
        tariff_.name = word(root, "tariff");
        tariff_.version = static_cast<std::uint64_t>(root.integer("version", 1, kMaxVersion));
        read_currency(root);
        read_rounding(root);
        read_classes(root);
        each(root, "passenger_types", kMaxTypes, true, &TariffReader::read_passenger_type);
        each(root, "distance_bands", kMaxBands, true, &TariffReader::read_distance_band);
        each(root, "flexibility", kMaxFlexibility, true, &TariffReader::read_flexibility);
        each(root, "advance", kMaxAdvance, false, &TariffReader::read_advance);
        each(root, "cards", kMaxCards, false, &TariffReader::read_card);
        each(root, "groups", kMaxGroups, false, &TariffReader::read_group);
        each(root, "vat", kMaxCountries, false, &TariffReader::read_vat);
        root.finish();
        return std::move(tariff_);
    }

private:
    void each(base::ObjectReader& reader, std::string_view member, std::size_t max, bool required,
              void (TariffReader::*read_element)(base::ObjectReader&)) {
        reader.array(member, max, required, [&](const boost::json::value& value, const std::string& pointer) {
            base::ObjectReader element{value, pointer, mistakes_};
            (this->*read_element)(element);
            element.finish();
        });
    }

    static std::string word(base::ObjectReader& reader, std::string_view member) {
        auto text = reader.text(member);
        if (!is_word(text)) reader.mistake(member, std::string{kWordRule});
        return text;
    }

    /// Whether an element before has that name. Missing names are a mistake already, not equal ones.
    template <class Element>
    static bool is_known(const std::vector<Element>& before, std::string Element::* member, const std::string& name) {
        return !name.empty() && std::ranges::find(before, name, member) != before.end();
    }

    void read_currency(base::ObjectReader& root) {
        tariff_.currency = root.text("currency");
        if (tariff_.currency.empty()) return;
        if (const auto scale = decimals_of(tariff_.currency)) tariff_.scale = *scale;
        else root.mistake("currency", "is not the code of a known currency");
    }

    void read_rounding(base::ObjectReader& root) {
        auto rounding = root.optional_object("rounding");
        if (!rounding) return;
        tariff_.rounding.unit = rounding->integer("unit", 1, kMaxUnit);
        const auto mode = rounding->text("mode");
        if (mode == "half_up") tariff_.rounding.mode = RoundingMode::half_up;
        else if (mode == "half_even") tariff_.rounding.mode = RoundingMode::half_even;
        else if (mode == "up") tariff_.rounding.mode = RoundingMode::up;
        else if (mode == "down") tariff_.rounding.mode = RoundingMode::down;
        else if (!mode.empty()) rounding->mistake("mode", "must be half_up, half_even, up or down");
        rounding->finish();
    }

    void read_classes(base::ObjectReader& root) {
        root.array("classes", kMaxClasses, true, [&](const boost::json::value& value, const std::string& pointer) {
            const auto* text = value.if_string();
            if (!text || text->empty() || !is_word(*text)) {
                mistakes_.push_back({pointer, fmt::format("must be a string and {}", kWordRule)});
                return;
            }
            std::string name{*text};
            if (name == "to_km") mistakes_.push_back({pointer, "is the name of a member of distance_bands"});
            if (std::ranges::find(tariff_.classes, name) != tariff_.classes.end())
                mistakes_.push_back({pointer, "comes twice"});
            tariff_.classes.push_back(std::move(name));
        });
    }

    void read_passenger_type(base::ObjectReader& reader) {
        PassengerType type{.type = word(reader, "type"), .from_age = {}, .to_age = {}};
        if (is_known(tariff_.passenger_types, &PassengerType::type, type.type)) reader.mistake("type", "comes twice");
        type.from_age = optional_int(reader, "from_age", 0, kMaxAge);
        type.to_age = optional_int(reader, "to_age", 0, kMaxAge);
        if (type.from_age && type.to_age && *type.from_age > *type.to_age)
            reader.mistake("to_age", "is less than from_age");
        type.percent = optional_int(reader, "percent", 0, kMaxPercent).value_or(100);
        tariff_.passenger_types.push_back(std::move(type));
    }

    void read_distance_band(base::ObjectReader& reader) {
        DistanceBand band;
        if (!tariff_.distance_bands.empty()) {
            const auto& before = tariff_.distance_bands.back();
            if (before.to_km) band.from_km = *before.to_km + 1;
            else mistakes_.push_back({reader.pointer(), "comes after a band without to_km, which has no end"});
        }
        band.to_km = reader.optional_integer("to_km", 1, kMaxKilometres);
        if (band.to_km && *band.to_km < band.from_km)
            reader.mistake("to_km", fmt::format("must be at least {}, since bands ascend", band.from_km));
        for (const auto& name : tariff_.classes) band.amounts.push_back(reader.integer(name, 0, kMaxAmount));
        // An open end that is only a mistake in to_km must not be reported again at the next band.
        if (!band.to_km && reader.has("to_km")) band.to_km = band.from_km;
        tariff_.distance_bands.push_back(std::move(band));
    }

    void read_flexibility(base::ObjectReader& reader) {
        Flexibility product{.code = reader.text("code"), .refund = {}, .exchange = {}};
        if (!is_code(product.code)) reader.mistake("code", "must have at most 16 capital letters, digits or _");
        if (is_known(tariff_.flexibility, &Flexibility::code, product.code)) reader.mistake("code", "comes twice");
        product.percent = optional_int(reader, "percent", 0, kMaxPercent).value_or(100);
        product.refund = read_conditions(reader, "refund");
        product.exchange = read_conditions(reader, "exchange");
        tariff_.flexibility.push_back(std::move(product));
    }

    std::vector<Condition> read_conditions(base::ObjectReader& product, std::string_view member) {
        std::vector<Condition> conditions;
        product.array(member, kMaxConditions, false, [&](const boost::json::value& value, const std::string& pointer) {
            base::ObjectReader reader{value, pointer, mistakes_};
            Condition condition;
            if (const auto* until = reader.member("until"); until && until->is_string()) {
                if (until->get_string() != "departure")
                    reader.mistake("until", "must be 'departure' or a number of hours before it");
            } else if (until) {
                condition.hours_before = optional_int(reader, "until", 1, kMaxHours);
            } else {
                reader.mistake("until", "is missing");
            }
            condition.fee = reader.integer("fee", 0, kMaxAmount);
            // The departure itself is 0 hours before it: the latest deadline.
            if (!conditions.empty() && condition.hours_before.value_or(0) >= conditions.back().hours_before.value_or(0))
                reader.mistake("until", "must be later than the deadline before it");
            reader.finish();
            conditions.push_back(condition);
        });
        return conditions;
    }

    /// Names of a list that has been read.
    template <class NameOf>
    std::vector<std::string> names(base::ObjectReader& reader, std::string_view member, const NameOf& is_known) {
        std::vector<std::string> names;
        reader.array(member, kMaxTypes, false, [&](const boost::json::value& value, const std::string& pointer) {
            const auto* text = value.if_string();
            if (!text || !is_known(std::string_view{*text})) {
                mistakes_.push_back({pointer, "is not a name that the tariff has"});
                return;
            }
            names.emplace_back(*text);
        });
        if (names.empty() && reader.has(member)) reader.mistake(member, "names nothing; leave it out to mean all");
        return names;
    }
    std::vector<std::string> names_of_flexibility(base::ObjectReader& reader) {
        return names(reader, "flexibility", [&](std::string_view name) {
            return std::ranges::find(tariff_.flexibility, name, &Flexibility::code) != tariff_.flexibility.end();
        });
    }

    void read_advance(base::ObjectReader& reader) {
        Advance advance{.flexibility = {}};
        advance.hours = static_cast<int>(reader.integer("hours", 1, kMaxHours));
        advance.percent = static_cast<int>(reader.integer("percent", 0, 100));
        if (!tariff_.advance.empty() && advance.hours > tariff_.advance.back().hours)
            reader.mistake("hours", "must not be more than those before it");
        advance.flexibility = names_of_flexibility(reader);
        tariff_.advance.push_back(std::move(advance));
    }

    void read_card(base::ObjectReader& reader) {
        Card card{.code = reader.text("code"), .classes = {}, .passenger_types = {}, .flexibility = {}};
        if (!is_code(card.code)) reader.mistake("code", "must have at most 16 capital letters, digits or _");
        if (is_known(tariff_.cards, &Card::code, card.code)) reader.mistake("code", "comes twice");
        card.percent = static_cast<int>(reader.integer("percent", 0, 100));
        card.classes = names(reader, "classes", [&](std::string_view name) {
            return std::ranges::find(tariff_.classes, name) != tariff_.classes.end();
        });
        card.passenger_types = names(reader, "passenger_types", [&](std::string_view name) {
            return std::ranges::find(tariff_.passenger_types, name, &PassengerType::type) !=
                   tariff_.passenger_types.end();
        });
        card.flexibility = names_of_flexibility(reader);
        tariff_.cards.push_back(std::move(card));
    }

    void read_group(base::ObjectReader& reader) {
        Group group;
        group.from = static_cast<int>(reader.integer("from", 2, kMaxGroup));
        group.percent = static_cast<int>(reader.integer("percent", 0, 100));
        if (!tariff_.groups.empty() && group.from <= tariff_.groups.back().from)
            reader.mistake("from", "must be more than that before it");
        if (!tariff_.groups.empty() && group.percent > tariff_.groups.back().percent)
            reader.mistake("percent", "must not be more than that of a smaller group");
        tariff_.groups.push_back(group);
    }

    void read_vat(base::ObjectReader& reader) {
        Vat vat{.country = reader.text("country")};
        if (!vat.country.empty() && !is_country(vat.country)) reader.mistake("country", "must be two capital letters");
        if (is_known(tariff_.vat, &Vat::country, vat.country)) reader.mistake("country", "comes twice");
        vat.percent_x10 = static_cast<int>(reader.integer("percent_x10", 0, 1000));
        tariff_.vat.push_back(std::move(vat));
    }

    static std::optional<int> optional_int(base::ObjectReader& reader, std::string_view member, std::int64_t min,
                                           std::int64_t max) {
        const auto value = reader.optional_integer(member, min, max);
        if (!value) return std::nullopt;
        return static_cast<int>(*value);
    }

    Tariff tariff_;
    std::vector<Mistake>& mistakes_;
};

}  // namespace

Result<Tariff> parse_tariff(std::string_view json, ErrorCode code) {
    if (json.size() > kMaxBytes) return Error{code, fmt::format("a tariff may have at most {} bytes", kMaxBytes)};
    std::vector<Mistake> mistakes;
    const auto root = base::parse_json(json, code, mistakes);
    if (!root) return root.error();
    auto tariff = TariffReader{mistakes}.read(*root);
    if (!mistakes.empty()) return base::error_of(code, std::move(mistakes));
    return tariff;
}

Result<std::size_t> find_class(const Tariff& tariff, std::string_view name) {
    if (name.empty()) return tariff.classes.size() - 1;
    const auto found = std::ranges::find(tariff.classes, name);
    if (found == tariff.classes.end()) {
        return Error{ErrorCode::invalid_argument,
                     fmt::format("the tariff '{}' has no class '{}'", tariff.name, base::shortened(name, kMaxShown)),
                     fmt::format("it has {}", fmt::join(tariff.classes, ", "))};
    }
    return static_cast<std::size_t>(found - tariff.classes.begin());
}

Result<const Flexibility*> find_flexibility(const Tariff& tariff, std::string_view code) {
    if (code.empty()) return &tariff.flexibility.front();
    const auto found = std::ranges::find(tariff.flexibility, code, &Flexibility::code);
    if (found == tariff.flexibility.end()) {
        return Error{
            ErrorCode::invalid_argument,
            fmt::format("the tariff '{}' has no flexibility '{}'", tariff.name, base::shortened(code, kMaxShown)),
            fmt::format("it has {}", list_of(tariff.flexibility, &Flexibility::code))};
    }
    return &*found;
}

Result<const PassengerType*> find_passenger_type(const Tariff& tariff, const std::optional<std::string>& type,
                                                 std::optional<int> age) {
    const auto& types = tariff.passenger_types;
    const auto choices = [&] { return fmt::format("it has {}", list_of(types, &PassengerType::type)); };
    if (age && (*age < 0 || *age > kMaxAge))
        return Error{ErrorCode::invalid_argument, fmt::format("an age must be from 0 to {}", kMaxAge)};
    if (type) {
        const auto found = std::ranges::find(types, *type, &PassengerType::type);
        if (found == types.end()) {
            return Error{ErrorCode::invalid_argument,
                         fmt::format("the tariff '{}' has no passenger type '{}'", tariff.name,
                                     base::shortened(*type, kMaxShown)),
                         choices()};
        }
        if (age && !found->fits(*age)) {
            return Error{ErrorCode::invalid_argument,
                         fmt::format("at the age of {} nobody travels as '{}'", *age, found->type)};
        }
        return &*found;
    }
    if (age) {
        const auto found = std::ranges::find_if(types, [&](const PassengerType& each) { return each.fits(*age); });
        if (found == types.end()) {
            return Error{ErrorCode::invalid_argument,
                         fmt::format("the tariff '{}' has no passenger type for the age of {}", tariff.name, *age),
                         choices()};
        }
        return &*found;
    }
    const auto adult = std::ranges::find(types, "adult", &PassengerType::type);
    return adult != types.end() ? &*adult : &types.front();
}

}  // namespace railbook::pricing
