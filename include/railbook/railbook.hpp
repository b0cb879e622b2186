#pragma once
/// Railbook: sells seats on trains. This header brings the whole library; start with `Engine` in engine.hpp.

#include <railbook/booking.hpp>
#include <railbook/engine.hpp>
#include <railbook/environment.hpp>
#include <railbook/ids.hpp>
#include <railbook/inventory.hpp>
#include <railbook/money.hpp>
#include <railbook/operations.hpp>
#include <railbook/payment.hpp>
#include <railbook/pricing.hpp>
#include <railbook/result.hpp>
#include <railbook/search.hpp>
#include <railbook/stores.hpp>
#include <railbook/ticketing.hpp>
#include <railbook/time.hpp>
#include <railbook/timetable.hpp>
#include <railbook/version.hpp>
