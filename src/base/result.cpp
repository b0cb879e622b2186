#include <railbook/result.hpp>

#include "base/assert.hpp"

namespace railbook {

std::string_view to_string(ErrorCode code) {
    switch (code) {
        case ErrorCode::invalid_argument: return "invalid_argument";
        case ErrorCode::unauthenticated: return "unauthenticated";
        case ErrorCode::forbidden: return "forbidden";
        case ErrorCode::not_found: return "not_found";
        case ErrorCode::sold_out: return "sold_out";
        case ErrorCode::seat_taken: return "seat_taken";
        case ErrorCode::hold_expired: return "hold_expired";
        case ErrorCode::hold_lost: return "hold_lost";
        case ErrorCode::conflict: return "conflict";
        case ErrorCode::price_gone: return "price_gone";
        case ErrorCode::in_progress: return "in_progress";
        case ErrorCode::key_reused: return "key_reused";
        case ErrorCode::quote_expired: return "quote_expired";
        case ErrorCode::not_refundable: return "not_refundable";
        case ErrorCode::payment_declined: return "payment_declined";
        case ErrorCode::too_large: return "too_large";
        case ErrorCode::unsupported: return "unsupported";
        case ErrorCode::too_many_requests: return "too_many_requests";
        case ErrorCode::unavailable: return "unavailable";
        case ErrorCode::bad_data: return "bad_data";
        case ErrorCode::damaged: return "damaged";
        case ErrorCode::storage_full: return "storage_full";
        case ErrorCode::internal: return "internal";
    }
    RAILBOOK_ASSERT(false && "a code outside the list");
}

std::string_view title(ErrorCode code) {
    switch (code) {
        case ErrorCode::invalid_argument: return "The request is not valid";
        case ErrorCode::unauthenticated: return "Log in first";
        case ErrorCode::forbidden: return "Not allowed";
        case ErrorCode::not_found: return "Not found";
        case ErrorCode::sold_out: return "Sold out";
        case ErrorCode::seat_taken: return "A seat is taken";
        case ErrorCode::hold_expired: return "The hold has expired";
        case ErrorCode::hold_lost: return "The hold is no longer yours";
        case ErrorCode::conflict: return "This does not fit the present state";
        case ErrorCode::price_gone: return "The price is gone";
        case ErrorCode::in_progress: return "Still in progress";
        case ErrorCode::key_reused: return "The idempotency key was used for another request";
        case ErrorCode::quote_expired: return "The quote has expired";
        case ErrorCode::not_refundable: return "Not refundable";
        case ErrorCode::payment_declined: return "The payment was declined";
        case ErrorCode::too_large: return "Too large";
        case ErrorCode::unsupported: return "Not supported";
        case ErrorCode::too_many_requests: return "Too many requests";
        case ErrorCode::unavailable: return "Not available at the moment";
        case ErrorCode::bad_data: return "The data was refused";
        case ErrorCode::damaged: return "The stored data is damaged";
        case ErrorCode::storage_full: return "The storage is full";
        case ErrorCode::internal: return "Internal error";
    }
    RAILBOOK_ASSERT(false && "a code outside the list");
}

bool is_retryable(ErrorCode code) {
    return code == ErrorCode::in_progress || code == ErrorCode::too_many_requests || code == ErrorCode::unavailable;
}

}  // namespace railbook
