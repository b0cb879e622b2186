#pragma once
/// Records as compact JSON, for storage. Encoding loses nothing; decoding checks the shape and every range, so that a
/// damaged file gives an error and never a strange value.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <railbook/stores.hpp>

namespace railbook::store::records {

/// The items of a hold: what never changes about it.
std::string encode(const std::vector<HoldItem>& items);
/// A part without its id and status, which have columns of their own.
std::string encode_ride(const BookingPart& part);
/// Who travels, and how to reach them.
std::string encode_people(const Booking& booking);
/// A ticket without its id, booking, status and time, which have columns of their own.
std::string encode_travel(const Ticket& ticket);
std::string encode(const Consist& consist);
/// A run without its consist, which many runs share.
std::string encode_calls(const Run& run);
/// The whole hold, booking or payment.
std::string encode(const Answer& answer);

// Errors of all: damaged.
Result<std::vector<HoldItem>> decode_items(std::string_view text);
Status decode_ride(std::string_view text, BookingPart& part);
Status decode_people(std::string_view text, Booking& booking);
Status decode_travel(std::string_view text, Ticket& ticket);
Result<Consist> decode_consist(std::string_view text);
Result<Run> decode_run(std::string_view text, std::shared_ptr<const Consist> consist);
Result<Answer> decode_answer(std::string_view text);

}  // namespace railbook::store::records
