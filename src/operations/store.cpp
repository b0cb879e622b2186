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

Result<boost::json::value> check_ledger(Request& request) {
    if (auto refusal = request.refusal()) return std::move(*refusal);
    const auto report = request.engine.check_ledger();
    if (!report) return report.error();
    return encode(*report);
}

Result<boost::json::value> show_sandbox(Request& request) {
    if (auto refusal = request.refusal()) return std::move(*refusal);
    const auto journal = request.engine.sandbox_journal();
    if (!journal) return journal.error();
    return list_of(encode(*journal));
}

constexpr Operation kOperations[] = {
    {{"ledger.check", Method::post, "/v1/ledger/check", Scope::operate, IdempotencyKey::none,
      "Check that the ledger holds every payment and sums to zero"},
     check_ledger},
    {{"sandbox.journal", Method::get, "/v1/sandbox/journal", Scope::operate, IdempotencyKey::none,
      "What arrived at the sandbox provider"},
     show_sandbox},
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
