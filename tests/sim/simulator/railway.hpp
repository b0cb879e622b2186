#pragma once
/// The timetable of a world: trains of one service date, all of the same length, with a few seats.

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <railbook/stores.hpp>

#include "sim/simulator/plan.hpp"

namespace railbook::sim {

/// What the timetables differ in.
enum class Timetabled : std::uint8_t {
    as_ever,
    later,    ///< Every train, by some minutes.
    shorter,  ///< Trains of several segments end one station earlier.
    fewer,    ///< The first train of each length does not run.
};
inline constexpr std::size_t kTimetables = 4;

/// A folder that goes with its owner.
class Folder {
public:
    Folder();
    ~Folder();
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    const std::string& path() const { return path_; }

private:
    std::string path_;
};

/// Imported once for all worlds: reading a feed takes longer than most of them live.
struct Railway {
    Feed feed;
    std::string data;
    std::array<std::unique_ptr<Folder>, kTimetables> folders;  ///< The GTFS of each timetable.
};
/// Trips `N-1` to `N-4` over N segments, for N from 1 to 8. Errors: those of an import.
Result<Railway> make_railway();

std::string station(std::size_t index);
/// Of every world: long before it, the world ends.
RunId run_named(const Plan& plan, std::size_t index);
/// The coaches of the plan, as a document.
std::string layouts_of(const Plan& plan);
SeatId seat_at(const Plan& plan, std::size_t index);

/// Trains that a run of the plan may be given; the first is the one that it begins with. They have other coaches, the
/// same ones in another order, or fewer seats.
inline constexpr std::size_t kConsists = 6;
std::shared_ptr<const Consist> consist_of(const Plan& plan, std::size_t variant);
/// A seat as a number that says its name, whatever the order of the coaches.
std::uint32_t code_of(const SeatId& seat);
bool is_window(std::uint32_t code);
/// All seats of a train, in their order.
std::vector<std::uint32_t> codes_of(const Consist& consist);
/// In which timetables a ride of a run of the plan is as it was told, as bits.
std::uint32_t timetables_of(const Plan& plan, const HoldItem& item);
inline constexpr std::uint32_t bit_of(Timetabled timetable) { return 1U << static_cast<std::uint32_t>(timetable); }

}  // namespace railbook::sim
