#pragma once
/// The answers that a store in memory keeps under the keys of commands.

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include <railbook/stores.hpp>

#include "base/locks.hpp"
#include "store/memory/arena.hpp"
#include "store/memory/deadlines.hpp"
#include "store/memory/hash.hpp"
#include "store/memory/hold_row.hpp"
#include "store/memory/index.hpp"

namespace railbook::store::memory {

/// A hold as it was when it was the answer to a command.
struct HoldAnswer {
    const HoldRow* row = nullptr;
    HoldState then;
};

/// Thread-safe, but that only one thread at a time does with payments: it is kept in parts, each with a lock of its
/// own.
class Answers {
    // Most answers are holds, of which the store knows nearly everything.
    using Value = std::variant<HoldAnswer, std::unique_ptr<const Answer>>;
    /// What names an answer, and what it is compared by.
    struct Name {
        std::string_view owner;
        std::string_view operation;
        std::string_view key;
        std::string_view fingerprint;

        std::size_t size() const { return owner.size() + operation.size() + key.size() + fingerprint.size(); }
    };
    /// Its name follows, all of it one after the other.
    struct Kept {
        Name name() const;
        bool is_named(const Name& wanted) const;

        Timestamp until{};
        std::uint64_t number = 0;  // of its end
        Value value;
        std::uint32_t owner_size = 0;
        std::uint32_t operation_size = 0;
        std::uint32_t key_size = 0;
        std::uint32_t fingerprint_size = 0;
    };
    struct Part {
        base::SpinLock lock;
        Index kept;  // by the hash of what names it
        Arena memory;
        Deadlines<std::uint64_t> ends;  // hashes: the answer is found there, if it is not gone yet
        std::uint64_t last_end = 0;
    };

public:
    Answers() = default;
    ~Answers();
    Answers(const Answers&) = delete;
    Answers& operator=(const Answers&) = delete;

    /// The place of one command's answer. Nobody else does that command meanwhile.
    class Place {
    public:
        /// What the command was answered before, if it was. Errors: key_reused.
        Result<std::optional<Answer>> find(Timestamp now) const;
        /// Instead of an older one.
        void keep(const HoldAnswer& answer, Timestamp now);
        void keep(const Answer& answer, Timestamp now);

    private:
        friend class Answers;
        Place(Answers& all, std::uint64_t hash, const Command& command)
            : all_{all},
              hash_{hash},
              part_{all.part_of(hash, command.operation)},
              command_{command},
              lock_{part_.lock} {}
        Answers& all_;
        std::uint64_t hash_;
        Part& part_;
        const Command& command_;
        std::lock_guard<base::SpinLock> lock_;
    };
    /// The command has a key, and outlives the place.
    Place place_of(const Command& command);
    /// Fetches what is needed for that, while something else is done.
    void expect(const Command& command);

    /// `row` is that of the answer where that is a hold as it is now, or null.
    void put(const KeptAnswer& answer, const HoldRow* row);
    /// Completes the answer to the command that began the payment.
    void replace(const Payment& payment);
    /// Forgets answers whose time is over, at most so many.
    void drop(Timestamp now, std::size_t limit);
    /// Sorted by owner, operation and key.
    std::vector<KeptAnswer> all() const;

private:
    static constexpr std::size_t kParts = 16;  // of each kind

    static Name name_of(const Command& command);
    static std::uint64_t hash_of(const Name& name);
    /// Holds are many, and kept for a day. Payments are kept for months, and would keep the memory of the holds that
    /// came with them.
    Part& part_of(std::uint64_t hash, std::string_view operation) {
        return parts_[hash % kParts + (operation.starts_with("hold.") ? 0 : kParts)];
    }
    static Kept& at(const Part& part, Arena::Place place) { return *static_cast<Kept*>(part.memory.at(place)); }
    /// Nothing where there is none of that name.
    static std::optional<Arena::Place> find(const Part& part, std::uint64_t hash, const Name& name);
    void put(Part& part, std::uint64_t hash, const Name& name, Timestamp until, Value value);
    void drop(Part& part, std::uint64_t hash, Arena::Place place);
    static Answer answer_of(const Kept& kept);

    std::array<Part, 2 * kParts> parts_;
    std::unordered_map<PaymentId, Kept*, HashId> of_payments_;
};

}  // namespace railbook::store::memory
