#include "base/assert.hpp"

#include <cstdio>
#include <cstdlib>

#include <railbook/result.hpp>

namespace railbook::base {

void assertion_failed(const char* condition, const char* file, int line) {
    std::fprintf(stderr, "railbook: broken promise at %s:%d: %s\n", file, line, condition);
    std::abort();
}

}  // namespace railbook::base

namespace railbook::detail {

void read_wrong_side(const char* expected) {
    std::fprintf(stderr, "railbook: a Result was read as %s without looking first\n", expected);
    std::abort();
}

}  // namespace railbook::detail
