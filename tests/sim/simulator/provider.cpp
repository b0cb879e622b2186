#include "sim/simulator/provider.hpp"

namespace railbook::sim {
namespace {

constexpr std::int64_t kSlowest = 180'000;  // milliseconds: longer than any hold

constexpr PortCall asks(std::string_view name, bool changes) {
    return {.name = name, .changes = changes, .may_conflict = false, .of_gateway = true};
}
Error lost() { return {ErrorCode::unavailable, "the request was lost"}; }

}  // namespace

Status Provider::check_method(std::string_view method) const {
    if (method == "sim:good" || method == "sim:bad" || method == "sim:lost") return {};
    return Error{ErrorCode::invalid_argument, "no such method"};
}

Duration Provider::decision_time() {
    const Duration now = ports_.scheduler().elapsed();
    if (ports_.is_calm() || !plan_.has(Fault::slow_provider) || random_.coin()) return now;
    ports_.count(Fault::slow_provider, {});
    return now + Duration{random_.between(1, kSlowest)};
}

Status Provider::capture(std::string_view key, const Money& amount, std::string_view method) {
    return ports_.call<Status>(asks("gateway.capture", true), [&] { return do_capture(key, amount, method); });
}

Status Provider::do_capture(std::string_view key, const Money& amount, std::string_view method) {
    if (method == "sim:lost" && !ports_.is_calm() && !random_.one_in(4)) return lost();
    if (const auto found = books_.find(key); found != books_.end()) {
        auto& entry = found->second;
        ++entry.requests;
        if (entry.kind == Entry::Kind::refund || (entry.kind == Entry::Kind::capture && entry.amount != amount))
            ++contradictions_;
        return {};
    }
    const Duration at = decision_time();
    books_.emplace(key, Entry{Entry::Kind::capture, amount, {}, method != "sim:bad", at, 1});
    return {};
}

Status Provider::cancel(std::string_view key) {
    return ports_.call<Status>(asks("gateway.cancel", true), [&]() -> Status {
        const auto found = books_.find(key);
        if (found == books_.end()) {
            books_.emplace(key, Entry{Entry::Kind::cancel, {}, {}, false, ports_.scheduler().elapsed(), 1});
        } else if (found->second.decides_at > ports_.scheduler().elapsed()) {
            found->second.good = false;
            found->second.decides_at = ports_.scheduler().elapsed();
        }
        return {};
    });
}

Status Provider::refund(std::string_view key, std::string_view captured_key, const Money& amount) {
    return ports_.call<Status>(asks("gateway.refund", true), [&] { return do_refund(key, captured_key, amount); });
}

Status Provider::do_refund(std::string_view key, std::string_view captured_key, const Money& amount) {
    const auto captured = books_.find(captured_key);
    const Duration now = ports_.scheduler().elapsed();
    const bool taken = captured != books_.end() && captured->second.kind == Entry::Kind::capture &&
                       captured->second.good && captured->second.decides_at <= now;
    if (!taken) return Error{ErrorCode::not_found, "no money was taken under that key"};
    if (const auto found = books_.find(key); found != books_.end()) {
        ++found->second.requests;
        if (found->second.kind != Entry::Kind::refund || found->second.amount != amount ||
            found->second.captured_key != captured_key)
            ++contradictions_;
        return {};
    }
    const Duration at = decision_time();
    books_.emplace(key, Entry{Entry::Kind::refund, amount, std::string{captured_key}, true, at, 1});
    return {};
}

Result<ProviderAnswer> Provider::query(std::string_view key) {
    return ports_.call<Result<ProviderAnswer>>(asks("gateway.query", false), [&]() -> Result<ProviderAnswer> {
        const auto found = books_.find(key);
        if (found == books_.end()) return ProviderAnswer::unknown;
        const Entry& entry = found->second;
        if (entry.decides_at > ports_.scheduler().elapsed()) return ProviderAnswer::pending;
        return entry.good ? ProviderAnswer::done : ProviderAnswer::declined;
    });
}

}  // namespace railbook::sim
