#pragma once
/// Calls of a store that fail where a test wants it, and a caller who does then what a caller must do.

#include <cstddef>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>

#include <railbook/stores.hpp>

namespace railbook::test {

/// One call of a store fails with `unavailable`: the n-th, before its effect or after it.
class Faults {
public:
    enum class When : std::uint8_t { before, after };
    Faults(std::size_t number, When when) : number_{number}, when_{when} {}

    enum class Fate : std::uint8_t { succeeds, fails_before, fails_after };
    /// What becomes of the next call. A call whose lost answer cannot be asked for again never fails after its effect.
    Fate next(std::string_view call, bool answer_can_be_repeated);
    /// Whether there were as many calls at all.
    bool has_reached() const { return calls_ >= number_; }
    friend std::ostream& operator<<(std::ostream& out, const Faults& faults);

private:
    std::size_t number_;
    When when_;
    std::size_t calls_ = 0;
    std::string call_ = "none";
};

/// The store, with faults at its port. They must outlive it. One thread at a time.
std::unique_ptr<Store> make_faulty(std::unique_ptr<Store> store, Faults& faults);
/// The store as a caller sees it who makes a call again, once, that failed with `unavailable`, or with `storage_full`
/// where the disk has recovered meanwhile: the same call with the same arguments.
std::unique_ptr<Store> make_repeating(std::unique_ptr<Store> store);
/// The store, where somebody else does something right after a call: `meanwhile` is told its name.
std::unique_ptr<Store> make_interrupted(std::unique_ptr<Store> store,
                                        std::function<void(std::string_view call)> meanwhile);

}  // namespace railbook::test
