#pragma once
/// Choosing seats: which ones to hold when a buyer asks only for a number of them.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include <railbook/stores.hpp>

namespace railbook::inventory {

/// How far a seat is free around a span: the smaller, the less is cut off from a longer free stretch. Nothing where
/// the seat is not free on all of the span.
using Slack = std::optional<std::uint32_t>;

/// For every seat of a train whose taken segments are known.
std::vector<Slack> slack_of_seats(const SeatMasks& taken, Span span);

/// `count` free seats of a class: side by side in one coach if there are such, else in one coach, else in as few
/// coaches as possible; among equals those whose free stretch is cut up least, then the lowest. Nothing where there
/// are not so many.
std::optional<std::vector<std::uint32_t>> choose_seats(const Consist& consist, std::string_view travel_class, int count,
                                                       const std::vector<Slack>& slack);

}  // namespace railbook::inventory
