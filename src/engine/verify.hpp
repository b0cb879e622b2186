#pragma once
/// Checks the laws of the design on a store's live data. It trusts nothing that the store or the domain derived: every
/// statement is computed again from the records.

#include <railbook/engine.hpp>

namespace railbook::engine {

Result<VerifyReport> verify(Store& store);

}  // namespace railbook::engine
