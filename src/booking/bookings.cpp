#include <railbook/booking.hpp>

#include <algorithm>

#include <fmt/format.h>

#include "base/command.hpp"
#include "base/encoding.hpp"
#include "base/rides.hpp"
#include "booking/ledger.hpp"

namespace railbook {
namespace {

constexpr std::size_t kMaxName = 100;     // bytes
constexpr std::size_t kMaxContact = 254;  // bytes; RFC 5321's longest address
/// How long the process that took up an open payment has it for itself: longer than a call of a provider lasts.
constexpr Duration kLease = std::chrono::seconds{30};
/// Two references collide about once in 10^11 bookings, and the coaches of a run hardly ever change between the look at
/// a hold and its booking; a third try is never seen.
constexpr int kTries = 3;

Error invalid(std::string detail) { return {ErrorCode::invalid_argument, std::move(detail)}; }
Error no_such_booking() {
    return {ErrorCode::not_found, "there is no such booking", "'railbook booking list' shows the bookings"};
}

Status check_text(std::string_view text, std::string_view what, std::size_t max, bool required) {
    if (required && text.find_first_not_of(' ') == std::string_view::npos)
        return invalid(fmt::format("{} is missing", what));
    if (text.size() > max) return invalid(fmt::format("{} is longer than {} bytes", what, max));
    if (!base::is_utf8(text)) return invalid(fmt::format("{} is not UTF-8", what));
    const bool control =
        std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
    if (control) return invalid(fmt::format("{} holds a control character", what));
    return {};
}

Status check(const BookingRequest& request) {
    if (const auto ok = base::check_key(request.key); !ok) return ok;
    for (const auto& passenger : request.passengers) {
        if (const auto ok = check_text(passenger.given_name, "a passenger's given name", kMaxName, true); !ok)
            return ok;
        if (const auto ok = check_text(passenger.family_name, "a passenger's family name", kMaxName, true); !ok)
            return ok;
    }
    if (const auto ok = check_text(request.contact.email, "the e-mail address", kMaxContact, false); !ok) return ok;
    return check_text(request.contact.phone, "the telephone number", kMaxContact, false);
}

base::Canonical canonical(const BookingRequest& request) {
    base::Canonical text;
    text.add(to_string(request.hold)).add(request.fence ? fmt::format("{}", *request.fence) : "").add(request.quote);
    for (const auto& passenger : request.passengers) {
        text.add(passenger.id).add(passenger.given_name).add(passenger.family_name);
        text.add(passenger.birth_date ? to_string(*passenger.birth_date) : "");
    }
    text.add(request.contact.email).add(request.contact.phone);
    return text;
}

/// The named people in the order of the quote's passengers.
Result<std::vector<Passenger>> name_passengers(const Quote& quote, const std::vector<NamedPassenger>& named) {
    if (named.size() != quote.passengers.size()) {
        return invalid(
            fmt::format("the quote is for {} passengers, but {} are named", quote.passengers.size(), named.size()));
    }
    const bool by_order = std::ranges::all_of(named, [](const NamedPassenger& p) { return p.id.empty(); });
    std::vector<Passenger> passengers;
    for (std::size_t i = 0; i < named.size(); ++i) {
        const auto& quoted = quote.passengers[i];
        auto who = named.begin() + static_cast<std::ptrdiff_t>(i);
        if (!by_order) {
            who = std::ranges::find(named, quoted.id, &NamedPassenger::id);
            if (who == named.end()) return invalid(fmt::format("passenger '{}' of the quote is not named", quoted.id));
        }
        passengers.push_back({quoted.id, who->given_name, who->family_name, quoted.type, who->birth_date});
    }
    return passengers;
}

/// For each item of the hold the leg of the quote that it is, or is a stage of: where passengers change seats on the
/// way, a leg has several. Rides are known by their calls: their numbers may have changed since they were quoted.
/// Errors: invalid_argument (the hold does not keep, in their order, the rides that were quoted).
Result<std::vector<std::size_t>> legs_of_items(const Quote& quote, const Hold& hold) {
    std::vector<std::size_t> legs;
    std::size_t leg = 0;
    std::optional<CallId> reached;  // on the leg, by the stages before
    for (const auto& item : hold.items) {
        if (leg == quote.legs.size()) break;
        const auto& quoted = quote.legs[leg];
        const bool begins = base::is_call(item.from.call, reached.value_or(quoted.from));
        const bool ends = base::is_call(item.to.call, quoted.to);
        if (item.run != quoted.run || !begins)
            return invalid(fmt::format("the hold's ride {} is not the one that was quoted", legs.size() + 1));
        if (item.seats.size() != quote.passengers.size()) {
            return invalid(fmt::format("the quote is for {} passengers, the hold has {} seats on {}",
                                       quote.passengers.size(), item.seats.size(), item.train));
        }
        if (item.travel_class != quote.travel_class) {
            return invalid(fmt::format("the quote is for class '{}', the hold's seats are in class '{}'",
                                       quote.travel_class, item.travel_class));
        }
        legs.push_back(leg);
        if (ends) ++leg;
        reached = ends ? std::nullopt : std::optional{item.to.call};
    }
    if (leg != quote.legs.size() || legs.size() != hold.items.size())
        return invalid(fmt::format("the quote has {} rides and the hold {}", quote.legs.size(), hold.items.size()));
    return legs;
}

/// One part a passenger and item; their prices sum exactly to the quote's total. The first stage of a ride has its
/// price.
Result<std::vector<BookingPart>> make_parts(Environment& environment, const Quote& quote, const Hold& hold,
                                            const std::vector<std::size_t>& legs) {
    std::vector<BookingPart> parts;
    Money sum{0, quote.total.currency, quote.total.scale};
    for (std::size_t number = 0; number < hold.items.size(); ++number) {
        const auto& item = hold.items[number];
        const bool is_priced = number == 0 || legs[number] != legs[number - 1];
        for (std::size_t i = 0; i < quote.passengers.size(); ++i) {
            Money price{0, quote.total.currency, quote.total.scale};
            for (const auto& line : quote.lines) {
                if (!is_priced || line.leg != legs[number] || line.passenger != quote.passengers[i].id) continue;
                const auto more = add(price, line.amount);
                if (!more) return more.error();
                price = *more;
            }
            const auto more = add(sum, price);
            if (!more) return more.error();
            sum = *more;
            parts.push_back({.id = PartId::make(environment),
                             .passenger = quote.passengers[i].id,
                             .run = item.run,
                             .train = item.train,
                             .from = item.from,
                             .to = item.to,
                             .span = item.span,
                             .travel_class = item.travel_class,
                             .seat = item.seats[i],
                             .price = price});
        }
    }
    if (sum != quote.total) return Error{ErrorCode::internal, "the quote's lines do not sum to its total"};
    return parts;
}

/// One ticket a passenger, with all their rides.
std::vector<Ticket> make_tickets(Environment& environment, const Booking& booking, Timestamp now) {
    std::vector<Ticket> tickets;
    for (const auto& passenger : booking.passengers) {
        Ticket ticket{.id = TicketId::make(environment),
                      .booking = booking.id,
                      .reference = booking.reference,
                      .issued_at = now,
                      .passenger = passenger,
                      .legs = {}};
        for (const auto& part : booking.parts) {
            if (part.passenger != passenger.id) continue;
            ticket.legs.push_back({part.run, part.train, part.from, part.to, part.travel_class, part.seat.id});
        }
        tickets.push_back(std::move(ticket));
    }
    return tickets;
}

std::string refund_key(const Payment& payment) { return payment.provider_key + ".refund"; }

}  // namespace

Booking as_of(Booking booking, Timestamp now) {
    if (booking.expires_at > now) return booking;
    for (auto& part : booking.parts) {
        if (part.status == PartStatus::prebooked) part.status = PartStatus::expired;
    }
    return booking;
}

Bookings::Bookings(Environment& environment, Store& store, Pricing& pricing, PaymentGateway& gateway,
                   BookingPolicy policy)
    : environment_{environment}, store_{store}, pricing_{pricing}, gateway_{gateway}, policy_{policy} {}

Result<Booking> Bookings::create(const Principal& principal, const BookingRequest& request) {
    if (!principal.may(Scope::buy)) return Error{ErrorCode::forbidden, "booking needs the scope 'buy'"};
    if (const auto ok = check(request); !ok) return ok.error();
    const auto claim = base::make_claim(principal, request.hold, request.fence);
    if (!claim) return claim.error();
    const auto now = store_.now();
    if (!now) return now.error();
    const Command command =
        base::make_command(principal, "booking.create", request.key, canonical(request), *now, policy_.keep_answers);
    const auto earlier = store_.find_answer(command);
    if (!earlier) return earlier.error();
    if (*earlier) return std::get<Booking>(**earlier);

    for (int attempt = 1;; ++attempt) {
        auto created = try_to_create(principal, request, *claim, command);
        if (created || created.error().code != ErrorCode::unavailable || attempt == kTries) return created;
    }
}

Result<Booking> Bookings::try_to_create(const Principal& principal, const BookingRequest& request,
                                        const HoldClaim& claim, const Command& command) {
    const auto hold = store_.inventory().find_hold(request.hold);
    if (!hold) return hold.error();
    if (!base::may_see(principal, hold->owner)) return Error{ErrorCode::not_found, "there is no such hold"};
    const auto quote = pricing_.check(request.quote, command.now);
    if (!quote) return quote.error();
    const auto legs = legs_of_items(*quote, *hold);
    if (!legs) return legs.error();
    auto passengers = name_passengers(*quote, request.passengers);
    if (!passengers) return passengers.error();
    auto parts = make_parts(environment_, *quote, *hold, *legs);
    if (!parts) return parts.error();

    const Booking wanted{.id = BookingId::make(environment_),
                         .reference = make_reference(environment_),
                         .owner = hold->owner,
                         .hold = hold->id,
                         .quote = quote->id,
                         .created_at = command.now,
                         .expires_at = std::min(command.now + policy_.payment_ttl, hold->latest_end),
                         .total = quote->total,
                         .refunded = Money{0, quote->total.currency, quote->total.scale},
                         .passengers = std::move(*passengers),
                         .contact = request.contact,
                         .parts = std::move(*parts),
                         .payments = {},
                         .tickets = {}};
    return store_.bookings().create_booking(command, claim, wanted);
}

Result<Booking> Bookings::cancel(const Principal& principal, const BookingId& id, const CommandKey& key) {
    if (!principal.may(Scope::buy)) return Error{ErrorCode::forbidden, "cancelling needs the scope 'buy'"};
    if (const auto ok = base::check_key(key); !ok) return ok.error();
    const auto now = store_.now();
    if (!now) return now.error();
    base::Canonical text;
    text.add(to_string(id));
    const Command command = base::make_command(principal, "booking.cancel", key, text, *now, policy_.keep_answers);
    const auto earlier = store_.find_answer(command);
    if (!earlier) return earlier.error();
    if (*earlier) return std::get<Booking>(**earlier);
    const auto booking = find(principal, id);
    if (!booking) return booking;
    return store_.bookings().cancel_booking(command, id);
}

Result<Payment> Bookings::pay(const Principal& principal, const PaymentRequest& request) {
    if (!principal.may(Scope::buy)) return Error{ErrorCode::forbidden, "paying needs the scope 'buy'"};
    if (const auto ok = base::check_key(request.key); !ok) return ok.error();
    if (const auto ok = gateway_.check_method(request.method); !ok) return ok.error();
    const auto now = store_.now();
    if (!now) return now.error();
    base::Canonical text;
    text.add(to_string(request.booking)).add(request.method);
    const Command command =
        base::make_command(principal, "booking.pay", request.key, text, *now, policy_.keep_payment_answers);
    const auto earlier = store_.find_answer(command);
    if (!earlier) return earlier.error();
    if (*earlier) {
        // The answer grew with the payment: a repeat after a crash takes up what was left open.
        const auto payment = store_.bookings().find_payment(std::get<Payment>(**earlier).id);
        if (!payment) return payment.error();
        return advance(*payment);
    }

    const auto booking = find(principal, request.booking);
    if (!booking) return booking.error();
    const int attempt = static_cast<int>(booking->payments.size()) + 1;
    const Payment wanted{.id = PaymentId::make(environment_),
                         .booking = booking->id,
                         .attempt = attempt,
                         .amount = booking->total,
                         .method = request.method,
                         .provider_key = fmt::format("{}.{}", to_string(booking->id), attempt),
                         .created_at = *now,
                         .check_at = *now + kLease};
    // The attempt is stored before the provider hears of it: whatever happens from here on, run_due finds it.
    const auto begun = store_.bookings().begin_payment(command, wanted);
    if (!begun) return begun;
    return advance(*begun);
}

Result<Payment> Bookings::advance(const Payment& payment) {
    auto& store = store_.bookings();
    if (payment.status == PaymentStatus::pending) {
        const auto booking = store.find_booking(payment.booking);
        if (!booking) return booking.error();
        auto answer = gateway_.query(payment.provider_key);
        if (answer && *answer == ProviderAnswer::unknown) {
            // Not received so far. In time it is asked for; later it is taken back, so that it never arrives. Whether
            // the call succeeded is no answer: only the query that follows is.
            const auto now = store_.now();
            if (!now) return now.error();
            const Status asked = *now < booking->expires_at
                                     ? gateway_.capture(payment.provider_key, payment.amount, payment.method)
                                     : gateway_.cancel(payment.provider_key);
            if (!asked && asked.error().code != ErrorCode::unavailable) return asked.error();
            answer = gateway_.query(payment.provider_key);
        }
        const bool final = answer && (*answer == ProviderAnswer::done || *answer == ProviderAnswer::declined);
        if (!final) return payment;  // run_due asks again
        const auto now = store_.now();
        if (!now) return now.error();
        Settlement settlement{.payment = payment.id,
                              .captured = *answer == ProviderAnswer::done,
                              .tickets = make_tickets(environment_, *booking, *now),
                              .if_sold = {booking::capture_of(payment.amount), booking::ticketing_of(payment.amount)},
                              .if_seats_are_gone = {booking::capture_of(payment.amount)}};
        const auto settled = store.settle_payment(settlement, *now);
        if (!settled || !settled->refund_due) return settled;
        return advance(*settled);
    }
    if (payment.refund_due) {
        const auto key = refund_key(payment);
        auto answer = gateway_.query(key);
        if (answer && *answer == ProviderAnswer::unknown) {
            const Status asked = gateway_.refund(key, payment.provider_key, payment.amount);
            if (!asked && asked.error().code != ErrorCode::unavailable) return asked.error();
            answer = gateway_.query(key);
        }
        if (!answer || *answer != ProviderAnswer::done) {
            if (answer && *answer == ProviderAnswer::declined)
                environment_.log(LogLevel::error, fmt::format("payment {}: the provider refuses the refund that is due",
                                                              to_string(payment.id)));
            return payment;
        }
        const auto now = store_.now();
        if (!now) return now.error();
        return store.settle_refund(payment.id, {booking::refund_of(payment.amount)}, *now);
    }
    return payment;
}

Result<Booking> Bookings::find(const Principal& principal, const BookingId& id) {
    const auto now = store_.now();
    if (!now) return now.error();
    auto booking = store_.bookings().find_booking(id);
    if (!booking) return booking;
    if (!base::may_see(principal, booking->owner)) return no_such_booking();
    return as_of(std::move(*booking), *now);
}

Result<Booking> Bookings::find(const Principal& principal, std::string_view id_or_reference) {
    std::string reference{id_or_reference};
    std::ranges::transform(reference, reference.begin(),
                           [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    if (is_reference(reference)) {
        const auto now = store_.now();
        if (!now) return now.error();
        auto booking = store_.bookings().find_booking_named(reference);
        if (!booking) return booking;
        if (!base::may_see(principal, booking->owner)) return no_such_booking();
        return as_of(std::move(*booking), *now);
    }
    const auto id = BookingId::parse(id_or_reference);
    if (!id) {
        return Error{
            ErrorCode::invalid_argument,
            fmt::format("'{}' is neither a booking's reference nor its id", base::shortened(id_or_reference, 64)),
            "a reference has 8 letters and digits; 'railbook booking list' shows them"};
    }
    return find(principal, *id);
}

Result<Page<Booking>> Bookings::list(const Principal& principal, const PageRequest& page) {
    const auto now = store_.now();
    if (!now) return now.error();
    const std::string owner = principal.may(Scope::operate) ? std::string{} : principal.owner();
    auto bookings = store_.bookings().list_bookings(owner, page);
    if (!bookings) return bookings;
    for (auto& booking : bookings->items) booking = as_of(std::move(booking), *now);
    return bookings;
}

Result<std::vector<AuditEntry>> Bookings::history(const Principal& principal, const BookingId& id) {
    const auto booking = find(principal, id);
    if (!booking) return booking.error();
    return store_.bookings().audit("booking:" + to_string(id));
}

Result<Payment> Bookings::payment(const Principal& principal, const PaymentId& id) {
    const auto payment = store_.bookings().find_payment(id);
    if (!payment) return payment;
    const auto booking = store_.bookings().find_booking(payment->booking);
    if (!booking) return booking.error();
    if (!base::may_see(principal, booking->owner)) return Error{ErrorCode::not_found, "there is no such payment"};
    return payment;
}

Result<std::size_t> Bookings::resume_payments(std::size_t limit) {
    const auto now = store_.now();
    if (!now) return now.error();
    const auto due = store_.bookings().claim_due_payments(*now, kLease, limit);
    if (!due) return due.error();
    std::size_t moved = 0;
    for (const auto& payment : *due) {
        const auto after = advance(payment);
        if (!after) {
            // One payment that cannot move must not keep the others from moving; it is due again after its lease.
            environment_.log(LogLevel::error,
                             fmt::format("payment {} did not move: {}", to_string(payment.id), after.error().detail));
            continue;
        }
        if (after->status != payment.status || after->refund_due != payment.refund_due) ++moved;
    }
    return moved;
}

}  // namespace railbook
