#pragma once
/// The ports to storage, and the records that pass through them: what the author of a back end writes against.
///
/// Every method of a store is one whole atomic step: it happens entirely or not at all, and may be repeated. Any of
/// them may also fail with `unavailable` (the step may or may not have happened, so repeat it), `damaged`,
/// `storage_full` or `internal`. Stores are thread-safe. Time is an argument of a step: the command read it once.

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <railbook/ids.hpp>
#include <railbook/money.hpp>
#include <railbook/result.hpp>
#include <railbook/time.hpp>

namespace railbook {

// --- Lists ---------------------------------------------------------------------------------------------------------

inline constexpr std::size_t kMaxPage = 100;

struct PageRequest {
    std::string cursor = {};       ///< Empty for the first page, else `next_cursor` of the page before.
    std::size_t limit = kMaxPage;  ///< 1 to kMaxPage.
};
template <class T>
struct Page {
    std::vector<T> items;
    std::string next_cursor;  ///< Empty on the last page.
};

// --- Runs and coaches ----------------------------------------------------------------------------------------------

/// A place in a coach. Properties are OSDM's place properties, such as WINDOW, AISLE, TABLE, WHEELCHAIR.
struct Place {
    std::string number;
    int row = 0;
    std::string column = {};
    std::vector<std::string> properties = {};
    std::string facing = {};  ///< `forward`, `backward` or empty.
    bool operator==(const Place&) const = default;
};

struct Coach {
    std::string number;
    std::string layout;
    std::string travel_class;
    std::vector<Place> places;
    bool operator==(const Coach&) const = default;
};

/// The ordered coaches of a run. Seats are numbered through from 0 over all coaches; that index is what the
/// inventory keeps.
struct Consist {
    std::string name;
    std::vector<Coach> coaches;

    std::size_t seat_count() const;
    /// The seat's index, or nothing where the train has no such seat.
    std::optional<std::uint32_t> index_of(const SeatId& seat) const;
    /// `index` is below seat_count().
    SeatId seat_at(std::uint32_t index) const;
    /// The coach in which the seat is; `index` is below seat_count().
    const Coach& coach_of(std::uint32_t index) const;
    bool operator==(const Consist&) const = default;
};

/// A run's stop at a station.
struct Call {
    CallId id;
    std::string name;                  ///< Of the station.
    std::string zone;                  ///< IANA name; the station's local time.
    std::optional<Timestamp> arrives;  ///< Not at the origin.
    std::optional<Timestamp> departs;  ///< Not at the destination.
    std::string platform = {};
    bool pick_up = true;        ///< Passengers may board.
    bool drop_off = true;       ///< Passengers may alight.
    std::int64_t distance = 0;  ///< Metres from the origin, along the shape or the great circles between calls.
    bool operator==(const Call&) const = default;
};

/// A list that its copies share until one of them is changed: what holds it passes through many hands, and hardly
/// anybody changes it.
template <class T>
class SharedList {
public:
    SharedList() = default;
    SharedList(std::vector<T> all)  // NOLINT(google-explicit-constructor)
        : all_{all.empty() ? nullptr : std::make_shared<std::vector<T>>(std::move(all))} {}
    SharedList(std::initializer_list<T> all) : SharedList{std::vector<T>(all)} {}

    const std::vector<T>& all() const {
        static const std::vector<T> none;
        return all_ ? *all_ : none;
    }
    /// To be changed, which no copy sees.
    std::vector<T>& edit() {
        all_ = std::make_shared<std::vector<T>>(all());
        return *all_;
    }
    void push_back(T added) { edit().push_back(std::move(added)); }
    operator const std::vector<T>&() const { return all(); }  // NOLINT(google-explicit-constructor)

    auto begin() const { return all().begin(); }
    auto end() const { return all().end(); }
    std::size_t size() const { return all().size(); }
    bool empty() const { return all().empty(); }
    const T& front() const { return all().front(); }
    const T& back() const { return all().back(); }
    const T& operator[](std::size_t index) const { return all()[index]; }
    bool operator==(const SharedList& other) const { return all_ == other.all_ || all() == other.all(); }

private:
    std::shared_ptr<std::vector<T>> all_;
};

/// A half-open range of segments `[from, to)` of one run; segment n leads from call n to call n + 1.
struct Span {
    std::uint16_t from = 0;
    std::uint16_t to = 0;
    bool overlaps(const Span& other) const { return from < other.to && other.from < to; }
    auto operator<=>(const Span&) const = default;
};

/// A train on one service date: its calls and its coaches.
struct Run {
    RunId id;
    std::string train;   ///< What passengers call it, such as `ICE 1672`.
    std::string agency;  ///< The operator's name.
    std::string headsign;
    SharedList<Call> calls;  ///< At least two.
    std::shared_ptr<const Consist> consist;
    bool pinned = false;  ///< These calls and coaches are fixed: something of the run was held or sold.

    std::size_t segment_count() const { return calls.empty() ? 0 : calls.size() - 1; }
    /// The span from one call to a later one; nothing where the run lacks one of them, or has them the other way round.
    std::optional<Span> span_between(const CallId& from, const CallId& to) const;
};

/// One end of a ride as a passenger reads it.
struct Endpoint {
    CallId call;
    std::string name;
    std::string zone;
    Timestamp time{};  ///< Departure at the start of a ride, arrival at its end.
    std::string platform = {};
    bool operator==(const Endpoint&) const = default;
};

// --- Commands ------------------------------------------------------------------------------------------------------

/// What every command that changes something carries into its step: who, what, when, and under which key. The store
/// keeps the answer under (owner, operation, key) in the transaction of the effect; with an empty key it keeps none. A
/// repeated key with the same fingerprint repeats that answer; with another one it is refused with `key_reused`.
struct Command {
    std::string owner;      ///< Principal::owner().
    std::string operation;  ///< Such as `hold.create`.
    CommandKey key;
    std::string fingerprint;  ///< SHA-256 of the request, in hexadecimal.
    Timestamp now{};
    Duration keep_answer{};
};

// --- Holds ---------------------------------------------------------------------------------------------------------

struct HeldSeat {
    std::uint32_t index = 0;
    SeatId id;
    auto operator<=>(const HeldSeat&) const = default;
};

/// What a seat is on a span: the last of these that any of its segments is.
enum class SeatState : std::uint8_t { free, held, sold, blocked };
std::string_view to_string(SeatState state);

/// Seats of one class on one span of one run.
struct HoldItem {
    RunId run;
    std::string train;
    Endpoint from;
    Endpoint to;
    Span span;
    std::string travel_class;
    std::vector<HeldSeat> seats;
    std::string reason = {};  ///< Why these seats, where the buyer left the choice; a sentence for a person.
    bool operator==(const HoldItem&) const = default;
};

/// held -> paying | released | expired; paying -> held (declined in time) | sold | expired; expired -> sold (late
/// money, same seats free).
enum class HoldStatus : std::uint8_t { held, paying, sold, released, expired };
std::string_view to_string(HoldStatus status);

/// Seats kept for one owner until `expires_at`; at that instant they are free again.
struct Hold {
    HoldId id;
    std::string owner;
    HoldStatus status = HoldStatus::held;
    std::uint64_t fence = 0;  ///< Larger than that of every earlier allocation of any of its seats. Given by the store.
    bool pinned = true;       ///< The system of record knows it, not only a cache in front.
    Timestamp created_at{};
    Timestamp expires_at{};
    Timestamp latest_end{};  ///< No extension goes beyond this.
    std::optional<BookingId> booking = std::nullopt;
    SharedList<HoldItem> items;
    bool operator==(const Hold&) const = default;
};

/// Whoever acts on a hold names its id, its owner and its fence. An operator may act for every owner and leave the
/// fence out. A foreign or unknown hold is `not_found`; another fence is `hold_lost`; a hold past its deadline is
/// `hold_expired`; a released one is `hold_lost`, except that releasing it again is success.
struct HoldClaim {
    HoldId id;
    std::string owner;
    std::optional<std::uint64_t> fence;
    bool any_owner = false;
};

/// Seats that an operator keeps from sale on a span.
struct SeatBlock {
    RunId run;
    Span span;
    std::vector<HeldSeat> seats;
    bool operator==(const SeatBlock&) const = default;
};

/// A hold's seat that becomes another one because the coaches of its run change.
struct Reseating {
    HoldId hold;
    std::size_t item = 0;  ///< Of the hold.
    SeatId from;
    SeatId to;
    auto operator<=>(const Reseating&) const = default;
};

/// Other calls for a run of which seats are held or sold.
struct CallsChange {
    Run wanted;                 ///< As the timetable has it by now. Its coaches do not count.
    std::uint64_t version = 0;  ///< Of the pinned run, when the change was planned.
    std::string feed = {};      ///< The checksum of the feed that it was planned by; empty where there is no such feed.
};

/// Other coaches for a run of which seats may be held or sold.
struct ConsistChange {
    std::uint64_t version = 0;  ///< Of the run, when the change was planned.
    std::shared_ptr<const Consist> consist;
    std::vector<Reseating> reseatings;  ///< Every live seat that the new coaches lack, or have in another class.
};

// --- Bookings ------------------------------------------------------------------------------------------------------

struct Passenger {
    std::string id;
    std::string given_name;
    std::string family_name;
    std::string type;  ///< Of the tariff, such as `adult`.
    std::optional<ServiceDate> birth_date = std::nullopt;
    bool operator==(const Passenger&) const = default;
};

struct Contact {
    std::string email = {};
    std::string phone = {};
    bool operator==(const Contact&) const = default;
};

/// The life of a part, named as in OSDM. prebooked -> confirmed | cancelled | expired; confirmed -> fulfilled |
/// refunded; fulfilled -> refunded | exchanged; expired -> confirmed (late money, same seats free).
enum class PartStatus : std::uint8_t { prebooked, confirmed, fulfilled, refunded, exchanged, cancelled, expired };
std::string_view to_string(PartStatus status);  ///< `PREBOOKED` and so on.

/// One passenger on one leg.
struct BookingPart {
    PartId id;
    std::string passenger;  ///< Passenger::id.
    RunId run;
    std::string train;
    Endpoint from;
    Endpoint to;
    Span span;
    std::string travel_class;
    HeldSeat seat;
    Money price;
    PartStatus status = PartStatus::prebooked;
    bool operator==(const BookingPart&) const = default;
};

/// What was bought, for whom.
struct Booking {
    BookingId id;
    std::string reference;
    std::string owner;
    HoldId hold;
    QuoteId quote;
    Timestamp created_at{};
    Timestamp expires_at{};  ///< While prebooked: pay before this.
    Money total;
    Money refunded;
    std::vector<Passenger> passengers;
    Contact contact;
    std::vector<BookingPart> parts;
    std::vector<PaymentId> payments;
    std::vector<TicketId> tickets;

    /// That of its least advanced live part, else of the last one.
    PartStatus status() const;
    bool operator==(const Booking&) const = default;
};

enum class PaymentStatus : std::uint8_t { pending, captured, declined, cancelled, part_refunded, refunded };
std::string_view to_string(PaymentStatus status);

/// One attempt to pay for a booking. It is stored before the provider hears of it, so a crash anywhere resumes.
struct Payment {
    PaymentId id;
    BookingId booking;
    int attempt = 1;
    PaymentStatus status = PaymentStatus::pending;
    Money amount;
    std::string method;
    std::string provider_key;  ///< Derived from booking and attempt: the provider takes the money once per key.
    bool refund_due = false;   ///< Captured, but the seats were gone: the money goes back.
    Timestamp created_at{};
    Timestamp check_at{};  ///< While something is owed: when to ask the provider again.
    bool operator==(const Payment&) const = default;
};

struct TicketLeg {
    RunId run;
    std::string train;
    Endpoint from;
    Endpoint to;
    std::string travel_class;
    SeatId seat;
    bool operator==(const TicketLeg&) const = default;
};

enum class TicketStatus : std::uint8_t { valid, used, revoked };
std::string_view to_string(TicketStatus status);

/// What the inspector reads: one passenger, all legs.
struct Ticket {
    TicketId id;
    BookingId booking;
    std::string reference;
    TicketStatus status = TicketStatus::valid;
    Timestamp issued_at{};
    Passenger passenger;
    std::vector<TicketLeg> legs;
    bool operator==(const Ticket&) const = default;
};

/// A line of the ledger. Debits are positive, credits negative; a transaction's postings sum to zero per currency.
struct Posting {
    std::string account;  ///< `captured`, `suspense`, `ticketed`, `refunded` or `fees`.
    Money amount;
    bool operator==(const Posting&) const = default;
};
struct LedgerTransaction {
    std::string name;  ///< Such as `capture`.
    std::vector<Posting> postings;
    bool operator==(const LedgerTransaction&) const = default;
};
struct LedgerEntry {
    std::uint64_t seq = 0;  ///< From 1 within the booking, without a gap.
    std::string transaction;
    BookingId booking;
    Timestamp at{};
    Posting posting;
    bool operator==(const LedgerEntry&) const = default;
};

/// Who did what, when. Numbered from 1 per subject; it commits with its effect and is never changed.
struct AuditEntry {
    std::string subject;  ///< `run:...` or `booking:...`.
    std::uint64_t number = 0;
    Timestamp at{};
    std::string actor;
    std::string action;
    std::string detail;  ///< Ids only, never a passenger's name.
    bool operator==(const AuditEntry&) const = default;
};

/// What a provider's final word on a payment leads to. The step decides, in its transaction, whether the seats can be
/// sold; so the tickets and the postings of both endings come with it.
struct Settlement {
    PaymentId payment;
    bool captured = false;  ///< Else declined.
    std::vector<Ticket> tickets;
    std::vector<LedgerTransaction> if_sold;
    std::vector<LedgerTransaction> if_seats_are_gone;
};

// --- Timetables and documents --------------------------------------------------------------------------------------

/// A version of an imported timetable.
struct Feed {
    std::string name;
    std::uint64_t version = 0;  ///< From 1 per name. Given by the store.
    std::string checksum;       ///< SHA-256 of `data`, in hexadecimal.
    Timestamp imported_at{};
    std::string publisher;
    ServiceDate first_date{};
    ServiceDate last_date{};
    std::size_t stations = 0;
    std::size_t trips = 0;
    bool operator==(const Feed&) const = default;
};

/// Coach layouts, consists and tariffs are JSON documents that an operator imports.
enum class DocumentKind : std::uint8_t { layouts, tariff };
std::string_view to_string(DocumentKind kind);
struct Document {
    DocumentKind kind = DocumentKind::layouts;
    std::string name;
    std::uint64_t version = 0;  ///< Of a tariff: as its author numbered it. Else given by the store.
    std::string text;
    Timestamp imported_at{};
    bool operator==(const Document&) const = default;
};

// --- Stores --------------------------------------------------------------------------------------------------------

class AccountsStore {
public:
    virtual ~AccountsStore() = default;
    /// The secret of that name; if there is none yet, `candidate` becomes it.
    virtual Result<std::string> find_or_add_secret(std::string_view name, const std::string& candidate) = 0;
};

class TimetableStore {
public:
    virtual ~TimetableStore() = default;
    /// Makes this the current version of the feed of that name; the store numbers it. The old one is replaced. Putting
    /// again what is current changes nothing.
    virtual Result<Feed> put_feed(const Feed& feed, const std::string& data, Timestamp now) = 0;
    virtual Result<std::vector<Feed>> feeds() = 0;  ///< Current versions, by name.
    /// The compiled timetable as it was put; its checksum was compared. Errors: not_found.
    virtual Result<std::string> feed_data(std::string_view name) = 0;
    /// Removing again what was removed is success. Errors: not_found (there never was one).
    virtual Status remove_feed(std::string_view name) = 0;

    /// Errors: conflict (that version of the tariff has another text).
    virtual Result<Document> put_document(const Document& document, Timestamp now) = 0;
    /// Oldest first; of a tariff every version.
    virtual Result<std::vector<Document>> documents(DocumentKind kind) = 0;
};

/// A seat's span that is held, sold or blocked, and until when.
struct Allocation {
    std::uint32_t seat = 0;
    Span span;
    SeatState state = SeatState::held;   ///< Never free.
    HoldId hold;                         ///< Zero for a block.
    Timestamp until = Timestamp::max();  ///< The hold's deadline; the end of time for a sale or a block.
    bool operator==(const Allocation&) const = default;
};

/// Segments of every seat as bits, plane by plane: segment n of seat s is bit n % 32 of bits[n / 32 * seats + s].
struct SeatMasks {
    std::uint32_t seats = 0;
    std::uint32_t segments = 0;
    std::vector<std::uint32_t> bits = {};  ///< Empty where no bit is set.

    static constexpr std::uint32_t kSegmentsOfPlane = 32;

    std::uint32_t planes() const { return (segments + kSegmentsOfPlane - 1) / kSegmentsOfPlane; }
    /// The bits of a span that lie in the plane.
    static std::uint32_t mask(Span span, std::uint32_t plane);
    /// `seat` is below seats, the span within the segments.
    void set(std::uint32_t seat, Span span);
    void clear(std::uint32_t seat, Span span);
    /// Whether any segment of the span is set.
    bool any(std::uint32_t seat, Span span) const;
    bool operator==(const SeatMasks&) const = default;
};

/// What of a run is not free. A run that is not pinned has nothing set, and no seats.
struct Occupancy {
    std::uint64_t version = 0;  ///< Grows with each change of the run's allocations.
    SeatMasks taken = {};       ///< Held, sold or blocked.
    SeatMasks held = {};
    SeatMasks blocked = {};

    SeatState state(std::uint32_t seat, Span span) const;
    bool operator==(const Occupancy&) const = default;
};

/// A change of a seat, for those who follow a run.
struct SeatChange {
    std::uint64_t version = 0;  ///< Of the run, after the change. A step may change several seats.
    std::uint32_t seat = 0;
    Span span;
    SeatState state = SeatState::free;
    bool operator==(const SeatChange&) const = default;
};
struct SeatChanges {
    std::uint64_t version = 0;  ///< Of the run, after all of them: ask from here the next time.
    bool resync = false;        ///< They are no longer known, or too many: look at all seats again.
    std::vector<SeatChange> changes;
};

/// All that is needed to plan a change of a run's coaches.
struct RunHolds {
    Run run;
    std::uint64_t version = 0;
    std::vector<Hold> holds;  ///< Which keep seats of the run, by fence.
};

/// Who has which seat.
class InventoryStore {
public:
    virtual ~InventoryStore() = default;

    /// The run as it was pinned by its first hold, or nothing.
    virtual Result<std::optional<Run>> find_pinned(const RunId& run) = 0;
    /// All seats or none. The store gives the fence, and pins those of `runs` that are not pinned yet.
    /// `max_holds` limits the owner's live holds; 0 is no limit.
    /// Errors: seat_taken; conflict (a run is pinned otherwise: read it again); too_many_requests; key_reused.
    virtual Result<Hold> place_hold(const Command& command, const Hold& wanted, const std::vector<Run>& runs,
                                    std::size_t max_holds) = 0;
    /// As stored; whether its deadline has passed is for the caller to see. Errors: not_found.
    virtual Result<Hold> find_hold(const HoldId& id) = 0;
    /// Newest first. `owner` empty: everyone's.
    virtual Result<Page<Hold>> list_holds(std::string_view owner, const PageRequest& page) = 0;
    /// Moves the deadline to `until`, never earlier than it is, and at most to latest_end. No effect where it is there.
    /// Errors: not_found; hold_lost; hold_expired; conflict (it is part of a booking or sold).
    virtual Result<Hold> extend_hold(const Command& command, const HoldClaim& claim, Timestamp until) = 0;
    /// Errors: not_found; hold_lost; hold_expired; conflict (it is part of a booking or sold).
    virtual Result<Hold> release_hold(const Command& command, const HoldClaim& claim) = 0;
    /// One answer a run, in their order.
    virtual Result<std::vector<Occupancy>> occupancy(const std::vector<RunId>& runs, Timestamp now) = 0;
    /// What changed after `version`, oldest first. What has lapsed is told when `expire` marks it. A run that is not
    /// pinned has version 0. Back ends keep the last changes only.
    virtual Result<SeatChanges> changes_after(const RunId& run, std::uint64_t version) = 0;

    /// Keeps seats from sale, and pins the run. Errors: seat_taken (a part of it is not free); conflict (pinned
    /// otherwise); key_reused.
    virtual Result<SeatBlock> block_seats(const Command& command, const Run& run, const SeatBlock& wanted) = 0;
    /// Ends what is blocked of these seats on that span; what is not blocked stays as it is. Errors: conflict (the run
    /// is pinned with other coaches or calls by now: read it again); key_reused.
    virtual Result<SeatBlock> unblock_seats(const Command& command, const Run& run, const SeatBlock& wanted) = 0;
    /// Errors: not_found (no such pinned run).
    virtual Result<RunHolds> holds_of_run(const RunId& run, Timestamp now) = 0;
    /// Pins the run, gives it its new coaches and everyone on it the seat of the same name, or the one of their
    /// reseating: in holds, bookings and tickets, all or nothing. Blocks on seats that are gone end. Where the run has
    /// these coaches already it is answered as it is. Errors: conflict (the run has changed since, or is pinned
    /// otherwise, or somebody would be left without a seat or on a taken one).
    virtual Result<Run> change_consist(const Command& command, const Run& run, const ConsistChange& change) = 0;
    /// Gives a pinned run the calls and names that the timetable has for it by now; it keeps its coaches. Holds,
    /// bookings, tickets and blocks go between the same calls as before, all or nothing. Where the run has these calls
    /// already it is answered as it is. Errors: not_found (no such pinned run); conflict (the run or its feed has
    /// changed since, or somebody would lose a ride).
    virtual Result<Run> adopt_calls(const Command& command, const CallsChange& change) = 0;
};

class BookingsStore {
public:
    virtual ~BookingsStore() = default;

    /// The hold becomes part of the booking and ends at `wanted.expires_at`, at most at its latest_end.
    /// Errors: those of the claim; conflict (the hold is booked already); key_reused; unavailable also where the
    /// reference is taken (repeat with another), or the hold has other seats by now (look at it again).
    virtual Result<Booking> create_booking(const Command& command, const HoldClaim& claim, const Booking& wanted) = 0;
    /// Ends a booking that is not paid for, and its hold with it. Ending it again is success.
    /// Errors: not_found; conflict (it is paid for, or past its deadline); in_progress (a payment is pending);
    /// key_reused.
    virtual Result<Booking> cancel_booking(const Command& command, const BookingId& id) = 0;
    /// Records the attempt and moves the hold to paying. `wanted.attempt` is one more than there were.
    /// Errors: not_found; conflict (not prebooked, or another attempt came first); in_progress (one is pending);
    /// hold_expired; key_reused.
    virtual Result<Payment> begin_payment(const Command& command, const Payment& wanted) = 0;
    /// Captured: sells the seats as they are numbered by now and issues the tickets, also when the hold has lapsed but
    /// its seats are still free; where not, the payment becomes refund_due. Declined: the hold is held again until its
    /// deadline. Settling a payment that is not pending returns it as it is. Errors: not_found.
    virtual Result<Payment> settle_payment(const Settlement& settlement, Timestamp now) = 0;
    /// The provider has returned the money of a refund_due payment. Errors: not_found.
    virtual Result<Payment> settle_refund(const PaymentId& payment, const std::vector<LedgerTransaction>& postings,
                                          Timestamp now) = 0;
    /// Payments that are pending or refund_due with check_at <= now; their check_at moves to now + lease, so that no
    /// other process takes them meanwhile. Not to be repeated where the answer is lost: they come due again then.
    virtual Result<std::vector<Payment>> claim_due_payments(Timestamp now, Duration lease, std::size_t limit) = 0;
    /// Marks holds and bookings whose deadline has passed as expired, and drops answers that were kept long enough.
    /// Returns how many were marked; where that answer is lost, a repetition counts only what it marks itself.
    virtual Result<std::size_t> expire(Timestamp now, std::size_t limit) = 0;

    virtual Result<Booking> find_booking(const BookingId& id) = 0;               ///< Errors: not_found.
    virtual Result<Booking> find_booking_named(std::string_view reference) = 0;  ///< Errors: not_found.
    /// Newest first. `owner` empty: everyone's.
    virtual Result<Page<Booking>> list_bookings(std::string_view owner, const PageRequest& page) = 0;
    virtual Result<Payment> find_payment(const PaymentId& id) = 0;  ///< Errors: not_found.
    virtual Result<Ticket> find_ticket(const TicketId& id) = 0;     ///< Errors: not_found.
    /// What happened to a `run:...` or `booking:...`, in order.
    virtual Result<std::vector<AuditEntry>> audit(std::string_view subject) = 0;
};

/// The value of an answer that is kept under a command's key.
using Answer = std::variant<Hold, Booking, Payment, SeatBlock>;

/// A secret of the system, such as a key that signs.
struct Secret {
    std::string name;
    std::string value;
    bool operator==(const Secret&) const = default;
};
/// What only ever grows.
struct Counters {
    std::uint64_t fence = 0;                                  ///< The last that was given.
    Timestamp time{};                                         ///< The latest that a step was done at.
    std::map<std::string, std::uint64_t> feed_versions = {};  ///< The last of each name, removed feeds among them.
    bool operator==(const Counters&) const = default;
};
/// An answer that is kept under the key of its command.
struct KeptAnswer {
    std::string owner;
    std::string operation;
    std::string key;
    std::string fingerprint;
    Timestamp until{};  ///< From then on it is forgotten, dropped or not.
    Answer value;
    bool operator==(const KeptAnswer&) const = default;
};

/// Receives every live record of a store, in an order in which what is named comes first. See `Store::read_all`.
class RecordReader {
public:
    virtual ~RecordReader() = default;
    virtual void on(const Counters&) {}
    virtual void on(const Secret&) {}
    /// With the compiled timetable.
    virtual void on(const Feed&, const std::string&) {}
    virtual void on(const Document&) {}
    /// With its version.
    virtual void on(const Run&, std::uint64_t) {}
    virtual void on(const Hold&) {}
    virtual void on(const RunId&, const Allocation&) {}
    virtual void on(const Booking&) {}
    virtual void on(const Payment&) {}
    virtual void on(const Ticket&) {}
    virtual void on(const LedgerEntry&) {}
    virtual void on(const AuditEntry&) {}
    virtual void on(const KeptAnswer&) {}
};

struct StoreInfo {
    std::string kind;      ///< `memory` or `sqlite`.
    std::string location;  ///< The file; empty for memory.
    int schema = 0;        ///< Number of the newest migration.
};

/// One database: four interfaces over it.
class Store {
public:
    virtual ~Store() = default;

    /// The one clock that decides. It never runs backwards, over restarts too.
    virtual Result<Timestamp> now() = 0;
    virtual AccountsStore& accounts() = 0;
    virtual TimetableStore& timetable() = 0;
    virtual InventoryStore& inventory() = 0;
    virtual BookingsStore& bookings() = 0;

    /// What the command was answered before, if it was. Errors: key_reused.
    virtual Result<std::optional<Answer>> find_answer(const Command& command) = 0;
    /// All records as they are at one instant: counters, secrets, feeds, documents, runs, holds, allocations of holds,
    /// blocks, bookings, payments, tickets, ledger, audit log, answers.
    virtual Status read_all(RecordReader& reader) = 0;
    /// Fills an empty store with what `source` hands on, in the order of read_all, all or nothing. Of the allocations
    /// only the blocks are taken; the others follow from the holds. Errors: conflict (the store is not empty); bad_data
    /// (the records do not fit together); those of `source`. Not to be repeated: it finds what it loaded.
    virtual Status load(const std::function<Status(RecordReader&)>& source) = 0;
    /// What is wrong with the medium itself, a sentence each: nothing, one hopes.
    virtual Result<std::vector<std::string>> check_medium() = 0;
    /// Copies the store, as it is at one instant of the call, into a new file; commands go on meanwhile. The file is
    /// there with all its content or not at all. Errors: unsupported (this store is not one file); conflict (there is a
    /// file of that name); not_found (no such folder); forbidden; storage_full.
    virtual Status backup(const std::string& file);
    virtual StoreInfo info() const = 0;
};

}  // namespace railbook
