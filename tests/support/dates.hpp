#pragma once
/// Dates as tests write them.

#include <railbook/time.hpp>

namespace railbook::test {

inline ServiceDate date(int year, unsigned month, unsigned day) {
    return ServiceDate{std::chrono::year{year} / std::chrono::month{month} / std::chrono::day{day}};
}

}  // namespace railbook::test
