#pragma once
/// The decisions that every back end makes alike. A back end loads the records of a step, asks here what becomes of
/// them, and saves the answer, all in one transaction. Values in, values out: no clock, no storage.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <railbook/stores.hpp>

namespace railbook::store {

/// Who acts when something comes due by itself.
inline constexpr std::string_view kSystem = "system";

/// What happened to a hold: an entry of the audit log for each of its runs. It is not written out here, since a back
/// end in memory need not do so before somebody asks.
struct HoldEvent {
    HoldId id;
    std::uint64_t fence = 0;
    SharedList<HoldItem> items;
    Timestamp at{};
    std::string actor;
    std::string_view action;  ///< A literal.
};

/// What a step leaves behind: the new state of the records it moved, and what it adds. A back end saves all of it.
struct Changes {
    std::optional<Hold> hold;
    std::optional<Booking> booking;
    std::optional<Payment> payment;
    std::vector<Ticket> tickets;
    std::vector<LedgerEntry> ledger;
    std::optional<HoldEvent> hold_event;
    std::vector<AuditEntry> booking_audit;  ///< In order; the back end numbers them per subject.
};

/// The entry for one of its runs, not numbered.
AuditEntry entry_of(const HoldEvent& event, const RunId& run);
/// All that a step adds to the audit log, in order and not numbered.
std::vector<AuditEntry> audit_of(const Changes& changes);

/// Whether an answer that is kept until then, to a command with this fingerprint, is the command's. Errors: key_reused.
Result<bool> is_repeated(std::string_view fingerprint, Timestamp until, const Command& command, Timestamp now);
/// What the command was answered before, if it was. Errors: key_reused.
Result<std::optional<Answer>> answer_again(const KeptAnswer* kept, const Command& command, Timestamp now);
KeptAnswer keep_answer(const Command& command, Answer value, Timestamp now);

// --- Holds ---------------------------------------------------------------------------------------------------------

/// Each run once, in the order of the items.
std::vector<RunId> runs_of(const Hold& hold);
std::vector<RunId> runs_of(const std::vector<HoldItem>& items);
/// Whether its status lets it have seats at all; its deadline may have passed.
bool allocates(const Hold& hold);
/// Whether the seats are its own at `now`: sold, or kept and before the deadline.
bool keeps_seats(const Hold& hold, Timestamp now);
Allocation allocation_of(const Hold& hold, const HoldItem& item, const HeldSeat& seat);

/// What the domain promises of a wanted hold is asserted; that it names no seat twice is checked.
/// Errors: seat_taken.
Status check_wanted(const Hold& wanted, const std::vector<Run>& runs);
/// Errors: conflict (other calls or coaches).
Status check_pinned(const Run& pinned, const Run& wanted);
/// `live`: how many the owner has; `max` 0 is no limit. Errors: too_many_requests.
Status check_hold_count(std::size_t live, std::size_t max);
Error seats_taken(std::span<const SeatId> seats);

/// What the log calls it that a hold is placed.
inline constexpr std::string_view kPlaced = "hold.placed";
Changes place_hold(const Hold& wanted, std::uint64_t fence, std::string_view actor, Timestamp now);
/// What a step makes of the hold that it is handed. Answers what the log calls it; nothing where the hold stays as it
/// is, as with any error. Errors: not_found; hold_lost; hold_expired; conflict.
Result<std::string_view> extend(Hold& hold, const HoldClaim& claim, Timestamp until, Timestamp now);
/// Nothing where it was released before. Errors: not_found; hold_lost; hold_expired; conflict.
Result<std::string_view> release(Hold& hold, const HoldClaim& claim, Timestamp now);
/// The same for a hold that is stored; it is null where there is none of that id, also below.
Result<Changes> extend_hold(const Hold* hold, const HoldClaim& claim, Timestamp until, std::string_view actor,
                            Timestamp now);
Result<Changes> release_hold(const Hold* hold, const HoldClaim& claim, std::string_view actor, Timestamp now);
/// Of a hold whose deadline has passed and that is still held or paying.
Changes expire_hold(Hold hold, Timestamp now);

// --- Blocks and seat numbers ---------------------------------------------------------------------------------------

/// What the domain promises of a wanted block is asserted.
void check_block(const SeatBlock& wanted, const Run& run);
AuditEntry block_entry(const SeatBlock& block, std::string_view action, std::string_view actor, Timestamp now);

/// A seat that a train does not have.
inline constexpr std::uint32_t kNoSeat = 0xFFFFFFFF;
/// The hold with its seats numbered as the run's coaches are now, and its rides as the run calls now, both of which may
/// have changed since it lapsed: a seat that is gone, or of another class, becomes kNoSeat, as do all where the run no
/// longer calls at both ends, or lets nobody board or alight there.
void renumber(Hold& hold, const Run& run);
/// Whether renumber() would leave the rides on that run as they are.
bool is_as_the_run(const Hold& hold, const Run& run);

// --- Bookings ------------------------------------------------------------------------------------------------------

/// Errors: not_found; hold_lost; hold_expired; conflict.
Result<Changes> create_booking(const Hold* hold, const HoldClaim& claim, const Booking& wanted, std::string_view actor,
                               Timestamp now);
/// Of a booking whose reference another booking has.
Error reference_taken();
/// `hold` is the booking's. Nothing changes where the booking is cancelled already.
/// Errors: not_found; conflict; in_progress.
Result<Changes> cancel_booking(const Booking* booking, const Hold* hold, std::string_view actor, Timestamp now);
/// `hold` is the booking's; `payments` are all of the booking's.
/// Errors: not_found; conflict; in_progress; hold_expired.
Result<Changes> begin_payment(const Booking* booking, const Hold* hold, std::span<const Payment> payments,
                              const Payment& wanted, std::string_view actor, Timestamp now);
/// The payment is pending. `seats_are_ours`: the hold keeps its seats, or has just taken them again.
/// `last_entry` is the number of the booking's last ledger entry, 0 for none.
Changes settle_payment(Payment payment, Booking booking, Hold hold, const Settlement& settlement, bool seats_are_ours,
                       std::uint64_t last_entry, Timestamp now);
/// Whether a part has its seat under another number, or another ride: it is to be saved, too.
bool has_other_numbers(const Booking& before, const Booking& after);
/// The payment's refund is due.
Changes settle_refund(Payment payment, Booking booking, const std::vector<LedgerTransaction>& postings,
                      std::uint64_t last_entry, Timestamp now);
/// Of a booking whose deadline has passed and that is still prebooked.
Changes expire_booking(Booking booking, Timestamp now);

// --- Timetables and documents --------------------------------------------------------------------------------------

/// Whether to put `wanted` in the place of `stored`, both with their checksums, would change nothing.
bool is_same_timetable(const Feed& stored, const Feed& wanted);

struct PutDocument {
    Document document;           ///< As it is stored, with its version.
    bool already_there = false;  ///< Nothing is to be changed.
};
/// `stored` are all of its kind, oldest first. Of layouts, the version of that name that is stored gives way to it.
/// Errors: conflict (that version of the tariff has another text).
Result<PutDocument> put_document_after(std::span<const Document> stored, const Document& wanted, Timestamp now);

// --- Shared errors -------------------------------------------------------------------------------------------------

Error not_found(std::string_view what);

}  // namespace railbook::store
