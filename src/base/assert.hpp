#pragma once
/// Promises inside our own code. Input is never asserted: it gets an Error.

namespace railbook::base {
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line);
}

#define RAILBOOK_ASSERT(condition) \
    ((condition) ? static_cast<void>(0) : ::railbook::base::assertion_failed(#condition, __FILE__, __LINE__))
