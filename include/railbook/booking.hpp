#pragma once
/// Booking: from held seats to paid tickets.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <railbook/environment.hpp>
#include <railbook/ids.hpp>
#include <railbook/inventory.hpp>
#include <railbook/payment.hpp>
#include <railbook/pricing.hpp>
#include <railbook/stores.hpp>

namespace railbook {

struct NamedPassenger {
    std::string id = {};  ///< Of the quote; where every one is empty, they are taken in the quote's order.
    std::string given_name;
    std::string family_name;
    std::optional<ServiceDate> birth_date = std::nullopt;
};

struct BookingRequest {
    CommandKey key;
    HoldId hold;
    std::optional<std::uint64_t> fence;  ///< Only an operator may leave it out.
    std::string quote;                   ///< Quote::token.
    std::vector<NamedPassenger> passengers;
    Contact contact = {};
};

struct PaymentRequest {
    CommandKey key;
    BookingId booking;
    std::string method;  ///< Such as `sandbox:success`.
};

struct BookingPolicy {
    Duration payment_ttl = std::chrono::minutes{10};
    Duration keep_answers = std::chrono::hours{24};
    Duration keep_payment_answers = std::chrono::hours{24 * 90};
};

/// Thread-safe. Environment, store, pricing and gateway must outlive this object.
class Bookings {
public:
    Bookings(Environment& environment, Store& store, Pricing& pricing, PaymentGateway& gateway, BookingPolicy policy);

    /// Turns a hold and a quote for the same rides into a booking that waits for its payment. The hold's deadline
    /// becomes the booking's. Errors: those of a claim on the hold; quote_expired; invalid_argument (quote, hold and
    /// passengers do not fit each other, which the detail explains); conflict (booked already); key_reused.
    Result<Booking> create(const Principal& principal, const BookingRequest& request);
    /// Gives up a booking that is not paid for; its seats are free again. Cancelling it again is success.
    /// Errors: not_found; conflict (paid for, or past its deadline); in_progress (a payment is pending); key_reused.
    Result<Booking> cancel(const Principal& principal, const BookingId& id, const CommandKey& key);
    /// Starts a payment and returns it as it stands after the provider was asked once: pending, captured (then the
    /// tickets are issued) or declined. Errors: not_found; invalid_argument (method); conflict (paid already);
    /// in_progress (another payment is pending); hold_expired; key_reused.
    Result<Payment> pay(const Principal& principal, const PaymentRequest& request);

    /// Errors: not_found, also for another's.
    Result<Booking> find(const Principal& principal, const BookingId& id);
    /// By id or reference, in any case of its letters. Errors: not_found.
    Result<Booking> find(const Principal& principal, std::string_view id_or_reference);
    /// One's own, newest first; an operator's list is of everyone's.
    Result<Page<Booking>> list(const Principal& principal, const PageRequest& page);
    /// Who did what, when. Errors: not_found.
    Result<std::vector<AuditEntry>> history(const Principal& principal, const BookingId& id);
    /// Errors: not_found.
    Result<Payment> payment(const Principal& principal, const PaymentId& id);

    /// Resumes what a crash or a slow provider left open. Returns how many payments moved.
    Result<std::size_t> resume_payments(std::size_t limit);

private:
    /// Errors also: unavailable (the hold got other seats meanwhile, or the reference is taken: try again).
    Result<Booking> try_to_create(const Principal& principal, const BookingRequest& request, const HoldClaim& claim,
                                  const Command& command);
    Result<Payment> advance(const Payment& payment);

    Environment& environment_;
    Store& store_;
    Pricing& pricing_;
    PaymentGateway& gateway_;
    BookingPolicy policy_;
};

/// The booking as it reads at `now`: an unpaid one past its deadline reads as expired.
Booking as_of(Booking booking, Timestamp now);

}  // namespace railbook
