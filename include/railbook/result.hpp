#pragma once
/// Errors as values: every operation that can fail returns a `Result<T>` or a `Status`.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace railbook {

/// Why an operation failed. The numbers are part of the C ABI and never change meaning.
enum class ErrorCode : std::uint16_t {
    invalid_argument = 1,
    unauthenticated = 2,
    forbidden = 3,
    not_found = 4,
    sold_out = 5,
    seat_taken = 6,
    hold_expired = 7,
    hold_lost = 8,
    conflict = 9,
    price_gone = 10,
    in_progress = 11,
    key_reused = 12,
    quote_expired = 13,
    not_refundable = 14,
    payment_declined = 15,
    too_large = 16,
    unsupported = 17,
    too_many_requests = 18,
    unavailable = 19,  ///< Perhaps done: repeat the same command.
    bad_data = 20,
    damaged = 21,
    storage_full = 22,
    internal = 23,
};

/// The code as it is written in JSON and in messages, such as `seat_taken`.
std::string_view to_string(ErrorCode code);
/// One short sentence for a person, the same for every error of this code.
std::string_view title(ErrorCode code);
/// Whether repeating the same command later may succeed without changing it.
bool is_retryable(ErrorCode code);

/// One thing that is wrong with the input, of possibly many.
struct Mistake {
    std::string pointer;  ///< Where: a JSON Pointer (RFC 6901), or `file:line:column` of a data file.
    std::string detail;
};

/// A failure. `detail` is one short sentence for a person; it never holds a secret, SQL, a path of the server or
/// another person's data.
struct Error {
    ErrorCode code = ErrorCode::internal;
    std::string detail;
    std::string hint = {};                ///< What to do next; may be empty.
    std::vector<Mistake> mistakes = {};   ///< Of the input, where there are several or they have a place.
};

namespace detail {
/// Ends the process: a result was read without looking whether it holds a value.
[[noreturn]] void read_wrong_side(const char* expected);
}  // namespace detail

/// Either a value or an `Error`. The members are named as in `std::expected`.
template <class T>
class [[nodiscard]] Result {
public:
    using value_type = T;

    Result(T value) : state_{std::in_place_index<0>, std::move(value)} {}        // NOLINT(google-explicit-constructor)
    Result(Error error) : state_{std::in_place_index<1>, std::move(error)} {}    // NOLINT(google-explicit-constructor)

    bool has_value() const { return state_.index() == 0; }
    explicit operator bool() const { return has_value(); }

    T& value() & { return require(), *std::get_if<0>(&state_); }
    const T& value() const& { return require(), *std::get_if<0>(&state_); }
    T&& value() && { return require(), std::move(*std::get_if<0>(&state_)); }

    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T&& operator*() && { return std::move(*this).value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }

    const Error& error() const& {
        if (has_value()) detail::read_wrong_side("an error");
        return *std::get_if<1>(&state_);
    }
    Error&& error() && {
        if (has_value()) detail::read_wrong_side("an error");
        return std::move(*std::get_if<1>(&state_));
    }

    template <class U>
    T value_or(U&& otherwise) const& {
        return has_value() ? value() : static_cast<T>(std::forward<U>(otherwise));
    }

private:
    void require() const {
        if (!has_value()) detail::read_wrong_side("a value");
    }

    std::variant<T, Error> state_;
};

/// Success without a value, or an `Error`.
template <>
class [[nodiscard]] Result<void> {
public:
    using value_type = void;

    Result() = default;
    Result(Error error) : error_{std::in_place_index<1>, std::move(error)} {}  // NOLINT(google-explicit-constructor)

    bool has_value() const { return error_.index() == 0; }
    explicit operator bool() const { return has_value(); }
    const Error& error() const {
        if (has_value()) detail::read_wrong_side("an error");
        return *std::get_if<1>(&error_);
    }

private:
    std::variant<std::monostate, Error> error_;
};

using Status = Result<void>;

}  // namespace railbook
