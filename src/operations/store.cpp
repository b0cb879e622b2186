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

Result<boost::json::value> backup_store(Request& request) {
    const auto file = request.body.text("file");
    if (auto refusal = request.refusal()) return std::move(*refusal);
    if (const auto done = request.engine.backup(file); !done) return done.error();
    return boost::json::value{{"file", file}};
}

constexpr Operation kOperations[] = {
    {{"store.backup", Method::post, "/v1/store/backup", Scope::operate, IdempotencyKey::none,
      "Copy the store into a new file while everything goes on"},
     backup_store},
    {{"store.verify", Method::post, "/v1/store/verify", Scope::operate, IdempotencyKey::none,
      "Check every law on the live data"},
     verify_store},
};

}  // namespace

std::span<const Operation> store_operations() { return kOperations; }

}  // namespace railbook::operations
