#pragma once
/// The ways in which people write the name of a station.

#include <string>
#include <string_view>
#include <vector>

#include "timetable/names.hpp"

namespace railbook::timetable {

/// The folded name in both spellings, with common abbreviations written out and words written short: `koln hbf` is
/// `koln hauptbahnhof`, too, and `saint jean` is `st jean`. The name itself comes first; none comes twice.
std::vector<std::string> spellings_of(const FoldedName& name);

/// The name in each of its spellings with every word as short as it can be written: names that differ by spelling or
/// abbreviations only have one in common.
std::vector<std::string> abbreviated(const FoldedName& name);

}  // namespace railbook::timetable
