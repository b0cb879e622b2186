#include "operations/encode.hpp"
#include "operations/table.hpp"

namespace railbook::operations {
namespace {

Result<boost::json::value> verify_store(Request& request) {
    if (auto refusal = request.refusal()) return std::move(*refusal);
    const auto report = request.engine.verify();
    if (!report) return report.error();
    return encode(*report);
}

constexpr Operation kOperations[] = {
    {{"store.verify", Method::post, "/v1/store/verify", Scope::operate, IdempotencyKey::none,
      "Check every law on the live data"},
     verify_store},
};

}  // namespace

std::span<const Operation> store_operations() { return kOperations; }

}  // namespace railbook::operations
