#pragma once
/// A random network in which nobody stays on board, as one feed and as two that have its trains between them.

#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "search/random_feed.hpp"

namespace railbook::test {

/// Its rules for changes name two trains of one of the two: no other feed can know of them.
class SplitFeed {
public:
    explicit SplitFeed(RandomFeed& feed) {
        for (const auto& [file, text] : feed.files.files()) {
            const auto rows = rows_of(file == "transfers.txt" ? rules(feed) : text);
            whole.set(file, text_of(rows, [](const auto&) { return true; }));
            for (const int side : {0, 1}) {
                const auto is_kept = [&](const auto& row) { return !has_trips(file) || side_of(row) == side; };
                (side == 0 ? first : second).set(file, text_of(rows, is_kept));
            }
            if (file == "trips.txt") sides_in_use(rows);
        }
    }

    FeedFiles whole;
    FeedFiles first;
    FeedFiles second;
    bool has_trains() const { return is_used_[0] && is_used_[1]; }

private:
    using Row = std::vector<std::string>;

    static bool has_trips(const std::string& file) {
        return file == "trips.txt" || file == "stop_times.txt" || file == "frequencies.txt" || file == "transfers.txt";
    }
    static std::vector<Row> rows_of(const std::string& text) {
        std::vector<Row> rows;
        std::istringstream lines{text};
        for (std::string line; std::getline(lines, line);) {
            auto& row = rows.emplace_back();
            std::istringstream fields{line};
            for (std::string field; std::getline(fields, field, ',');) row.push_back(field);
            if (line.ends_with(',')) row.emplace_back();
        }
        return rows;
    }
    /// The heading, and the rows that are kept.
    template <class Kept>
    static std::string text_of(const std::vector<Row>& rows, const Kept& is_kept) {
        std::string text;
        for (std::size_t i = 0; i < rows.size(); ++i) {
            if (i > 0 && !is_kept(rows[i])) continue;
            for (std::size_t k = 0; k < rows[i].size(); ++k) text += (k > 0 ? "," : "") + rows[i][k];
            text += '\n';
        }
        return text;
    }
    /// Trips are named t0, t1n0 and so on; those of one number stay together.
    static int side_of(const Row& row) {
        for (const auto& field : row) {
            if (field.size() > 1 && field[0] == 't' && field[1] >= '0' && field[1] <= '9')
                return std::stoi(field.substr(1)) % 2;
        }
        throw std::logic_error{"no train in this row"};
    }
    /// Between trains of one side that call at one station: at their stops, or at the station as a whole.
    static std::string rules(RandomFeed& feed) {
        const auto calls = rows_of(feed.files.files().at("stop_times.txt"));
        constexpr std::size_t kTrip = 0;
        constexpr std::size_t kStop = 3;
        std::string text = "from_stop_id,to_stop_id,transfer_type,min_transfer_time,from_trip_id,to_trip_id\n";
        std::set<std::string> known;
        for (std::size_t i = feed.below(300); i > 0; --i) {
            const auto& from = calls[1 + feed.below(calls.size() - 1)];
            const auto& to = calls[1 + feed.below(calls.size() - 1)];
            if (side_of(from) != side_of(to) || from[kStop][0] != to[kStop][0]) continue;
            const auto trains = from[kTrip] + "," + to[kTrip];
            for (std::size_t places = 1 + feed.below(3); places > 0; --places) {
                const auto place = [&](const Row& call) {
                    return feed.chance(50) ? call[kStop] : call[kStop].substr(0, 1);
                };
                const auto leave = place(from);
                const auto ends = leave + "," + place(to);
                const auto type = feed.one_of<std::string>({"0", "2", "2", "3"});
                const auto rule = type + "," + feed.one_of<std::string>({"0", "60", "900"});
                if (known.insert(ends + "," + trains).second) text += ends + "," + rule + "," + trains + "\n";
            }
        }
        return text;
    }
    void sides_in_use(const std::vector<Row>& rows) {
        for (std::size_t i = 1; i < rows.size(); ++i) is_used_[side_of(rows[i])] = true;
    }

    bool is_used_[2] = {};
};

}  // namespace railbook::test
