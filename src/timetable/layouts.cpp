#include "timetable/layouts.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "base/json.hpp"
#include "documents/default_layouts.hpp"

namespace railbook::timetable {
namespace {

constexpr std::size_t kMaxBytes = std::size_t{1} << 20;  // of a document
constexpr std::size_t kMaxLayouts = 256;
constexpr std::size_t kMaxConsists = 64;
constexpr std::size_t kMaxConditions = 256;
constexpr std::size_t kMaxCoaches = 64;
constexpr std::size_t kMaxPlaces = 400;  // of a coach
constexpr std::size_t kMaxSeats = 4096;  // of a train
constexpr int kMaxRows = 100;
constexpr std::size_t kMaxColumns = 16;      // aisles among them
constexpr std::size_t kMaxSelections = 100;  // of places in a grid
constexpr std::size_t kMaxProperties = 16;
constexpr int kMaxRouteType = 9999;

struct Layout {
    std::string travel_class;
    std::vector<Place> places;
};
using Layouts = std::map<std::string, Layout, std::less<>>;

/// A text that must be equal, or a beginning where it was written with a `*` at its end.
struct Pattern {
    std::string text;
    bool is_prefix = false;
    bool fits(std::string_view value) const { return is_prefix ? value.starts_with(text) : value == text; }
};

/// What one element of `applies_to` asks: everything it names must fit.
struct Condition {
    std::optional<Pattern> feed;
    std::optional<Pattern> agency;
    std::optional<Pattern> route;
    std::optional<Pattern> trip;
    std::optional<std::pair<int, int>> route_types;  // first and last
    std::optional<ServiceDate> from_date;
    std::optional<ServiceDate> to_date;

    bool fits(const TrainFacts& train) const {
        return (!feed || feed->fits(train.feed)) && (!agency || agency->fits(train.agency)) &&
               (!route || route->fits(train.route)) && (!trip || trip->fits(train.trip)) &&
               (!route_types || (train.route_type >= route_types->first && train.route_type <= route_types->second)) &&
               (!from_date || train.date >= *from_date) && (!to_date || train.date <= *to_date);
    }
};

struct AssignedConsist {
    Consist consist;
    std::vector<Condition> applies_to;
};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Names of layouts, consists, classes and documents.
bool is_name(std::string_view text) {
    return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
        return is_letter(c) || is_digit(c) || c == '-' || c == '_' || c == '.';
    });
}
/// Numbers of coaches and places, and names of columns: what stands on a sign. No slash, since `3/45` is a seat.
bool is_label(std::string_view text) {
    return !text.empty() && text.size() <= 8 &&
           std::ranges::all_of(text, [](char c) { return is_letter(c) || is_digit(c) || c == '-'; });
}
bool is_property(std::string_view text) {
    return !text.empty() && text.size() <= 32 && text.front() >= 'A' && text.front() <= 'Z' &&
           std::ranges::all_of(text, [](char c) { return (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_'; });
}

constexpr std::string_view kNameRule = "must have 1 to 64 letters, digits or any of - _ .";
constexpr std::string_view kLabelRule = "must have 1 to 8 letters, digits or -";
constexpr std::string_view kPropertyRule = "must have 1 to 32 capital letters, digits or _, and begin with a letter";

std::string read_name(base::ObjectReader& reader, std::string_view member) {
    auto text = reader.text(member);
    if (!text.empty() && !is_name(text)) reader.mistake(member, std::string{kNameRule});
    return text;
}

std::string read_label(base::ObjectReader& reader, std::string_view member) {
    auto text = reader.text(member);
    if (!text.empty() && !is_label(text)) reader.mistake(member, std::string{kLabelRule});
    return text;
}

std::vector<std::string> read_properties(base::ObjectReader& reader) {
    auto properties = reader.texts("properties", kMaxProperties);
    std::set<std::string_view> seen;
    for (std::size_t i = 0; i < properties.size(); ++i) {
        const auto pointer = base::pointer_to(base::pointer_to(reader.pointer(), "properties"), i);
        if (!is_property(properties[i])) reader.mistakes().push_back({pointer, std::string{kPropertyRule}});
        if (!seen.insert(properties[i]).second) reader.mistakes().push_back({pointer, "comes twice"});
    }
    return properties;
}

/// Row numbers of a grid with `rows` rows; nothing where the member is missing, which means every row.
std::optional<std::set<int>> read_rows(base::ObjectReader& reader, std::string_view member, int rows) {
    if (!reader.has(member)) return std::nullopt;
    std::set<int> chosen;
    reader.array(member, static_cast<std::size_t>(kMaxRows), false,
                 [&](const boost::json::value& value, const std::string& pointer) {
                     const auto* number = value.if_int64();
                     if (!number || *number < 1 || *number > rows)
                         reader.mistakes().push_back({pointer, fmt::format("must be a row from 1 to {}", rows)});
                     else if (!chosen.insert(static_cast<int>(*number)).second)
                         reader.mistakes().push_back({pointer, "comes twice"});
                 });
    return chosen;
}

/// Places of a grid by row and column; a list that is missing chooses all.
struct Selection {
    std::optional<std::set<int>> rows;
    std::optional<std::set<std::string, std::less<>>> columns;
    bool holds(int row, std::string_view column) const {
        return (!rows || rows->contains(row)) && (!columns || columns->contains(column));
    }
};

/// Columns from one side to the other; an empty text is the aisle.
std::vector<std::string> read_columns(base::ObjectReader& grid) {
    auto columns = grid.texts("columns", kMaxColumns);
    if (!grid.has("columns")) grid.mistake("columns", "is missing");
    std::set<std::string, std::less<>> seen;
    bool has_seats = false;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        const auto fail = [&](std::string detail) {
            grid.mistakes().push_back(
                {base::pointer_to(base::pointer_to(grid.pointer(), "columns"), i), std::move(detail)});
        };
        if (columns[i].empty()) {
            if (i == 0 || i + 1 == columns.size() || columns[i - 1].empty())
                fail("an aisle must lie between two columns");
            continue;
        }
        has_seats = true;
        if (!is_label(columns[i])) fail(std::string{kLabelRule});
        else if (!seen.insert(columns[i]).second) fail(fmt::format("column '{}' comes twice", columns[i]));
    }
    if (grid.has("columns") && !has_seats) grid.mistake("columns", "must name a column");
    return columns;
}

/// The compact way to write an open coach: rows of the same columns. Windows and aisles follow from the columns.
struct Grid {
    int rows = 0;
    std::vector<std::string> columns;
    bool by_row_and_column = false;  // else numbered through
    std::int64_t first_number = 1;
    std::set<int> backward;
    std::set<int> tables;
    std::vector<Selection> without;
    std::vector<std::pair<Selection, std::vector<std::string>>> properties;
};

Selection read_selection(base::ObjectReader& reader, const Grid& grid) {
    Selection selection{.rows = read_rows(reader, "rows", grid.rows), .columns = {}};
    if (!reader.has("columns")) return selection;
    const auto names = reader.texts("columns", kMaxColumns);
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (names[i].empty() || std::ranges::find(grid.columns, names[i]) == grid.columns.end()) {
            reader.mistakes().push_back({base::pointer_to(base::pointer_to(reader.pointer(), "columns"), i),
                                         fmt::format("the grid has no column '{}'", names[i])});
        }
    }
    selection.columns.emplace(names.begin(), names.end());
    return selection;
}

Grid read_grid(base::ObjectReader& reader) {
    Grid grid;
    grid.rows = static_cast<int>(reader.integer("rows", 1, kMaxRows));
    if (grid.rows == 0) grid.rows = kMaxRows;  // a mistake that is noted already; the row numbers below are read too
    grid.columns = read_columns(reader);
    const auto numbering = reader.optional_text("numbering").value_or("through");
    grid.by_row_and_column = numbering == "row_and_column";
    if (!grid.by_row_and_column && numbering != "through")
        reader.mistake("numbering", "must be 'through' or 'row_and_column'");
    if (grid.by_row_and_column && reader.has("first_number"))
        reader.mistake("first_number", "means nothing where places are numbered by row and column");
    grid.first_number = reader.optional_integer("first_number", 0, 9999).value_or(1);
    grid.backward = read_rows(reader, "backward", grid.rows).value_or(std::set<int>{});
    grid.tables = read_rows(reader, "tables", grid.rows).value_or(std::set<int>{});
    reader.array("without", kMaxSelections, false, [&](const boost::json::value& value, const std::string& pointer) {
        base::ObjectReader element{value, pointer, reader.mistakes()};
        grid.without.push_back(read_selection(element, grid));
        element.finish();
    });
    reader.array("properties", kMaxSelections, false, [&](const boost::json::value& value, const std::string& pointer) {
        base::ObjectReader element{value, pointer, reader.mistakes()};
        auto selection = read_selection(element, grid);
        if (!element.has("properties")) element.mistake("properties", "is missing");
        grid.properties.emplace_back(std::move(selection), read_properties(element));
        element.finish();
    });
    reader.finish();
    return grid;
}

/// What a place of the grid is like, from where it is.
std::vector<std::string> properties_at(const Grid& grid, int row, std::size_t column) {
    const auto is_aisle = [&](std::size_t i) { return i < grid.columns.size() && grid.columns[i].empty(); };
    std::vector<std::string> properties;
    if (column == 0 || column + 1 == grid.columns.size()) properties.emplace_back("WINDOW");
    if ((column > 0 && is_aisle(column - 1)) || is_aisle(column + 1)) properties.emplace_back("AISLE");
    if (grid.tables.contains(row)) properties.emplace_back("TABLE");
    for (const auto& [selection, more] : grid.properties) {
        if (!selection.holds(row, grid.columns[column])) continue;
        for (const auto& property : more) {
            if (std::ranges::find(properties, property) == properties.end()) properties.push_back(property);
        }
    }
    return properties;
}

std::vector<Place> places_of(const Grid& grid) {
    std::vector<Place> places;
    auto number = grid.first_number;
    for (int row = 1; row <= grid.rows; ++row) {
        for (std::size_t i = 0; i < grid.columns.size(); ++i) {
            const auto& column = grid.columns[i];
            if (column.empty()) continue;
            // A place that is left out uses up its number, so that the numbers of a row are the same in every coach.
            const auto through = number++;
            if (std::ranges::any_of(grid.without, [&](const Selection& gap) { return gap.holds(row, column); }))
                continue;
            places.push_back(
                {.number = grid.by_row_and_column ? fmt::format("{}{}", row, column) : fmt::format("{}", through),
                 .row = row,
                 .column = column,
                 .properties = properties_at(grid, row, i),
                 .facing = grid.backward.contains(row) ? "backward" : "forward"});
        }
    }
    return places;
}

/// The places of a grid, where it is right and makes ones that a coach may have.
std::vector<Place> read_grid_places(base::ObjectReader reader) {
    const std::size_t before = reader.mistakes().size();
    const auto grid = read_grid(reader);
    if (reader.mistakes().size() != before) return {};
    auto places = places_of(grid);
    const auto fail = [&](std::string detail) { reader.mistakes().push_back({reader.pointer(), std::move(detail)}); };
    if (places.empty()) fail("leaves no place");
    if (places.size() > kMaxPlaces) fail(fmt::format("must make at most {} places", kMaxPlaces));
    std::set<std::string_view> numbers;
    for (const auto& place : places) {
        // Column names may hold digits: row 1 with column 1A and row 11 with column A would both be 11A.
        if (!numbers.insert(place.number).second) fail(fmt::format("makes place '{}' twice", place.number));
        if (!is_label(place.number)) fail(fmt::format("makes a place '{}', which {}", place.number, kLabelRule));
    }
    return places;
}

std::vector<Place> read_places(base::ObjectReader& layout) {
    std::vector<Place> places;
    std::set<std::string, std::less<>> numbers;
    std::set<std::pair<int, std::string>> positions;
    layout.array("places", kMaxPlaces, true, [&](const boost::json::value& value, const std::string& pointer) {
        base::ObjectReader reader{value, pointer, layout.mistakes()};
        Place place{.number = read_label(reader, "number")};
        if (!place.number.empty() && !numbers.insert(place.number).second)
            reader.mistake("number", fmt::format("place '{}' comes twice in the coach", place.number));
        place.row = static_cast<int>(reader.optional_integer("row", 1, kMaxRows).value_or(0));
        if (reader.has("column")) place.column = read_label(reader, "column");
        if (place.row != 0 && !place.column.empty() && !positions.emplace(place.row, place.column).second)
            reader.mistakes().push_back(
                {pointer, fmt::format("row {}, column {} has a place already", place.row, place.column)});
        place.properties = read_properties(reader);
        place.facing = reader.optional_text("facing").value_or("");
        if (!place.facing.empty() && place.facing != "forward" && place.facing != "backward")
            reader.mistake("facing", "must be 'forward' or 'backward'");
        reader.finish();
        places.push_back(std::move(place));
    });
    return places;
}

/// Reads documents one after the other: each may use the layouts of those before it, and name them anew for itself
/// and those behind it.
class DocumentReader {
public:
    /// Errors: `code`, with a JSON Pointer for each mistake.
    Result<std::vector<AssignedConsist>> read(std::string_view json, ErrorCode code) {
        if (json.size() > kMaxBytes)
            return Error{code, fmt::format("a layouts document may have at most {} bytes", kMaxBytes)};
        mistakes_.clear();
        consists_.clear();
        own_layouts_.clear();
        const auto root = base::parse_json(json, code, mistakes_);
        if (!root) return root.error();
        read_root(*root);
        if (!mistakes_.empty()) return base::error_of(code, std::move(mistakes_));
        return std::move(consists_);
    }

private:
    void read_root(const boost::json::value& value) {
        base::ObjectReader root{value, "", mistakes_};
        if (root.has("name")) read_name(root, "name");
        if (root.has("layout")) {
            read_layout(root);
        } else if (root.has("consist")) {
            read_consist(root);
        } else {
            read_list(root, "layouts", kMaxLayouts, &DocumentReader::read_layout);
            read_list(root, "consists", kMaxConsists, &DocumentReader::read_consist);
            if (own_layouts_.empty() && consists_.empty() && mistakes_.empty())
                mistakes_.push_back({"", "the document holds neither layouts nor consists"});
        }
        root.finish();
    }

    void read_list(base::ObjectReader& root, std::string_view member, std::size_t max,
                   void (DocumentReader::*read_element)(base::ObjectReader&)) {
        root.array(member, max, false, [&](const boost::json::value& value, const std::string& pointer) {
            base::ObjectReader reader{value, pointer, mistakes_};
            (this->*read_element)(reader);
            reader.finish();
        });
    }

    void read_layout(base::ObjectReader& reader) {
        const auto name = read_name(reader, "layout");
        Layout layout{.travel_class = read_name(reader, "class"), .places = {}};
        if (reader.has("places") && reader.has("grid")) {
            reader.mistake("grid", "a layout has either places or a grid");
            static_cast<void>(reader.member("places"));
            static_cast<void>(reader.member("grid"));
        } else if (auto grid = reader.optional_object("grid")) {
            layout.places = read_grid_places(std::move(*grid));
        } else {
            layout.places = read_places(reader);
        }
        if (name.empty()) return;
        if (!own_layouts_.insert(name).second) return reader.mistake("layout", fmt::format("'{}' comes twice", name));
        layouts_.insert_or_assign(name, std::move(layout));
    }

    void read_consist(base::ObjectReader& reader) {
        AssignedConsist assigned;
        assigned.consist.name = read_name(reader, "consist");
        const bool twice = std::ranges::any_of(
            consists_, [&](const AssignedConsist& other) { return other.consist.name == assigned.consist.name; });
        if (twice) reader.mistake("consist", fmt::format("'{}' comes twice", assigned.consist.name));
        std::set<std::string, std::less<>> numbers;
        reader.array("coaches", kMaxCoaches, true, [&](const boost::json::value& value, const std::string& pointer) {
            base::ObjectReader coach_reader{value, pointer, mistakes_};
            Coach coach{.number = read_label(coach_reader, "number"),
                        .layout = read_name(coach_reader, "layout"),
                        .travel_class = {},
                        .places = {}};
            if (!coach.number.empty() && !numbers.insert(coach.number).second)
                coach_reader.mistake("number", fmt::format("coach '{}' comes twice in the train", coach.number));
            if (const auto found = layouts_.find(coach.layout); found != layouts_.end()) {
                coach.travel_class = found->second.travel_class;
                coach.places = found->second.places;
            } else if (is_name(coach.layout)) {
                coach_reader.mistake("layout", fmt::format("there is no layout '{}'", coach.layout));
            }
            coach_reader.finish();
            assigned.consist.coaches.push_back(std::move(coach));
        });
        if (assigned.consist.seat_count() > kMaxSeats)
            reader.mistake("coaches", fmt::format("must have at most {} seats together", kMaxSeats));
        reader.array("applies_to", kMaxConditions, false,
                     [&](const boost::json::value& value, const std::string& pointer) {
                         assigned.applies_to.push_back(read_condition({value, pointer, mistakes_}));
                     });
        consists_.push_back(std::move(assigned));
    }

    static std::optional<Pattern> read_pattern(base::ObjectReader& reader, std::string_view member) {
        if (!reader.has(member)) return std::nullopt;
        Pattern pattern{.text = reader.text(member)};
        if (pattern.text.ends_with('*')) {
            pattern.is_prefix = true;
            pattern.text.pop_back();
        }
        if (pattern.text.find('*') != std::string::npos) reader.mistake(member, "may hold a * only at its end");
        return pattern;
    }

    static std::optional<ServiceDate> read_date(base::ObjectReader& reader, std::string_view member) {
        const auto text = reader.optional_text(member);
        if (!text) return std::nullopt;
        const auto date = parse_date(*text);
        if (!date) {
            reader.mistake(member, "must be a date such as 2026-12-01");
            return std::nullopt;
        }
        return *date;
    }

    static std::optional<std::pair<int, int>> read_route_types(base::ObjectReader& reader) {
        if (const auto* value = reader.member("route_type"); value && value->is_object()) {
            base::ObjectReader range{*value, base::pointer_to(reader.pointer(), "route_type"), reader.mistakes()};
            const auto first = static_cast<int>(range.integer("from", 0, kMaxRouteType));
            const auto last = static_cast<int>(range.integer("to", 0, kMaxRouteType));
            if (first > last) range.mistake("to", "lies before 'from'");
            range.finish();
            return std::pair{first, last};
        }
        const auto type = reader.optional_integer("route_type", 0, kMaxRouteType);
        if (!type) return std::nullopt;
        return std::pair{static_cast<int>(*type), static_cast<int>(*type)};
    }

    static Condition read_condition(base::ObjectReader reader) {
        Condition condition{.feed = read_pattern(reader, "feed"),
                            .agency = read_pattern(reader, "agency"),
                            .route = read_pattern(reader, "route"),
                            .trip = read_pattern(reader, "trip"),
                            .route_types = read_route_types(reader),
                            .from_date = read_date(reader, "from_date"),
                            .to_date = read_date(reader, "to_date")};
        if (condition.from_date && condition.to_date && *condition.from_date > *condition.to_date)
            reader.mistake("to_date", "lies before 'from_date'");
        reader.finish();
        return condition;
    }

    Layouts layouts_;                                 // of every document so far; the newest of a name
    std::set<std::string, std::less<>> own_layouts_;  // of the document that is being read
    std::vector<AssignedConsist> consists_;           // of the document that is being read
    std::vector<Mistake> mistakes_;
};

Error damaged(const Document& document, const Error& why) {
    return {ErrorCode::damaged,
            fmt::format("the stored layouts document '{}' is not valid: {}", document.name, why.detail)};
}

std::vector<AssignedConsist> read_built_in(DocumentReader& reader) {
    auto built_in = reader.read(built_in_layouts().text, ErrorCode::internal);
    RAILBOOK_ASSERT(built_in.has_value());
    return std::move(*built_in);
}

}  // namespace

struct ConsistRules::Rule {
    std::vector<Condition> applies_to;
    std::shared_ptr<const Consist> consist;
};

const Document& built_in_layouts() {
    static const Document document{
        .kind = DocumentKind::layouts, .name = "default", .version = 1, .text = k_default_layouts_json};
    return document;
}

namespace {

/// The consists of a document that comes after the others.
Result<std::vector<AssignedConsist>> read_after(std::span<const Document> earlier, std::string_view json) {
    DocumentReader reader;
    read_built_in(reader);
    for (const auto& document : earlier) {
        if (const auto read = reader.read(document.text, ErrorCode::damaged); !read)
            return damaged(document, read.error());
    }
    return reader.read(json, ErrorCode::bad_data);
}

}  // namespace

Status check_layouts(std::string_view json, std::span<const Document> earlier) {
    if (const auto read = read_after(earlier, json); !read) return read.error();
    return {};
}

Result<std::shared_ptr<const Consist>> read_consist(std::string_view json, std::span<const Document> earlier) {
    auto read = read_after(earlier, json);
    if (!read) return read.error();
    if (read->size() != 1)
        return Error{ErrorCode::bad_data, fmt::format("the document has {} consists instead of one", read->size())};
    return std::make_shared<const Consist>(std::move(read->front().consist));
}

Result<ConsistRules> ConsistRules::from_documents(std::span<const Document> imported) {
    DocumentReader reader;
    std::vector<std::vector<AssignedConsist>> documents;
    documents.push_back(read_built_in(reader));
    for (const auto& document : imported) {
        auto read = reader.read(document.text, ErrorCode::damaged);
        if (!read) return damaged(document, read.error());
        documents.push_back(std::move(*read));
    }
    ConsistRules rules;
    for (auto document = documents.rbegin(); document != documents.rend(); ++document) {
        for (auto& assigned : *document) {
            rules.rules_.push_back(std::make_shared<const Rule>(
                Rule{std::move(assigned.applies_to), std::make_shared<const Consist>(std::move(assigned.consist))}));
        }
    }
    return rules;
}

std::shared_ptr<const Consist> ConsistRules::consist_for(const TrainFacts& train) const {
    for (const auto& rule : rules_) {
        const bool fits =
            std::ranges::any_of(rule->applies_to, [&](const Condition& condition) { return condition.fits(train); });
        if (fits) return rule->consist;
    }
    RAILBOOK_ASSERT(false && "the built-in layouts have a rule for everything");
}

std::set<std::string> ConsistRules::classes() const {
    std::set<std::string> classes;
    for (const auto& rule : rules_) {
        for (const auto& coach : rule->consist->coaches) classes.insert(coach.travel_class);
    }
    return classes;
}

}  // namespace railbook::timetable
