#include <algorithm>
#include <map>
#include <set>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "commands/views.hpp"

namespace railbook::cli {
namespace {

namespace json = boost::json;

constexpr std::string_view kHeld = "~~";
constexpr std::string_view kSold = "##";
constexpr std::string_view kBlocked = "xx";

std::string mark_of(const json::value& seat) {
    const std::string state = text_at(seat, "/state");
    if (state == "held") return std::string{kHeld};
    if (state == "sold") return std::string{kSold};
    if (state == "blocked") return std::string{kBlocked};
    return text_at(seat, "/number");
}

bool has_property(const json::value& seat, std::string_view wanted) {
    const auto& properties = array_at(seat, "/properties");
    return std::ranges::any_of(properties,
                               [&](const json::value& property) { return text_at(property, "") == wanted; });
}

/// The seats of one coach at their places. Rows of the layout run along the train, columns across it.
class Grid {
public:
    explicit Grid(const json::array& seats) {
        for (const auto& seat : seats) {
            const auto* row = member(seat, "/row");
            const std::string column = text_at(seat, "/column");
            if (!row || !row->is_int64() || column.empty()) {
                loose_.push_back(mark_of(seat));
                continue;
            }
            cells_[column][row->get_int64()] = mark_of(seat);
            rows_.insert(row->get_int64());
            if (has_property(seat, "AISLE")) at_aisle_.insert(column);
            width_ = std::max(width_, display_width(text_at(seat, "/number")));
        }
    }

    std::string draw() const {
        std::string text;
        std::string before;
        for (const auto& [column, cells] : cells_) {
            // Between two columns of aisle seats one walks.
            if (at_aisle_.contains(before) && at_aisle_.contains(column)) text += '\n';
            std::string line = fmt::format("  {} ", printable(column));
            for (const auto row : rows_) {
                const auto cell = cells.find(row);
                line += ' ' + padded(cell == cells.end() ? "" : printable(cell->second), width_, true);
            }
            line.erase(line.find_last_not_of(' ') + 1);
            text += line + '\n';
            before = column;
        }
        // Seats that the layout does not place are only listed.
        for (std::size_t i = 0; i < loose_.size(); ++i) {
            if (i % kLooseInLine == 0) text += i == 0 ? "  " : "\n  ";
            text += ' ' + printable(loose_[i]);
        }
        if (!loose_.empty()) text += '\n';
        return text;
    }

private:
    static constexpr std::size_t kLooseInLine = 20;

    std::map<std::string, std::map<std::int64_t, std::string>> cells_;  // by column, then row
    std::set<std::int64_t> rows_;
    std::set<std::string> at_aisle_;
    std::vector<std::string> loose_;
    std::size_t width_ = 2;
};

}  // namespace

std::string describe_seats(const json::value& map) {
    const Clock clock{{text_at(map, "/from/departs"), text_at(map, "/to/arrives")}};
    std::string text = printable(fmt::format("{}: {} {} -> {} {}", text_at(map, "/run"),
                                             clock.with_date(text_at(map, "/from/departs")), text_at(map, "/from/name"),
                                             clock(text_at(map, "/to/arrives")), text_at(map, "/to/name"))) +
                       '\n';
    for (const auto& coach : array_at(map, "/coaches")) {
        const auto& seats = array_at(coach, "/seats");
        const auto free =
            std::ranges::count_if(seats, [](const json::value& seat) { return text_at(seat, "/state") == "free"; });
        text += '\n' + printable(fmt::format("coach {}, {}: {} of {} free", text_at(coach, "/number"),
                                             text_at(coach, "/class"), free, seats.size()));
        text += '\n' + Grid{seats}.draw();
    }
    return text + fmt::format("\n45 free   {} held   {} sold   {} blocked\n", kHeld, kSold, kBlocked);
}

}  // namespace railbook::cli
