// A world at rest: everything due is done, and judged.

#include "sim/simulator/world.hpp"

#include <algorithm>

#include "sim/simulator/client.hpp"
#include "sim/simulator/oracle/linear.hpp"

namespace railbook::sim {
namespace {

constexpr std::uint64_t kMostStates = 200'000;  // of a search for one order

}  // namespace

void World::come_to_rest() {
    ports_.calm();
    if (uses_disk()) {
        if (disk_->is_off()) cut_power();
        disk_->cut_power_in(0);
        keep_processes();
        if (!verdict_.violations().empty()) return;
    }
    for (auto& process : processes_) process.back_at = Duration::zero();
    keep_processes();
    constexpr int kMostRounds = 40;
    for (int round = 0; round < kMostRounds; ++round) {
        scheduler_.pass(std::chrono::minutes{20});
        const auto done = processes_.front().engine->run_due(1000);
        if (!done) {
            verdict_.violated("due work is done", "store", done.error().detail);
            return;
        }
        if (*done == 0 && round > 2) break;
    }
    witness_.look(*store_, nullptr);
}

void World::judge_at_rest() {
    for (const auto& payment : witness_.payments()) {
        if (payment.status == PaymentStatus::pending || payment.refund_due)
            verdict_.violated("4 every payment ends", "payment " + brief(payment.id), "it is open at rest");
    }
    for (const auto& hold : witness_.holds()) {
        if (hold.status == HoldStatus::held || hold.status == HoldStatus::paying)
            verdict_.violated("2 every hold ends", "hold " + brief(hold.id), "it is open long after its deadline");
    }
    judge_books();
    for (const auto& client : clients_) client->judge_what_it_was_told(witness_);
    const auto report = processes_.front().engine->verify();
    if (!report) verdict_.violated("the library's own check runs", "store", report.error().detail);
    else {
        for (const auto& violation : report->violations)
            verdict_.violated("the library's own check: " + violation.law, violation.object, violation.detail);
    }
    judge_order();
}

/// Law 4 by the books of the provider, who knows what was taken.
void World::judge_books() {
    std::map<std::string, const Payment*> by_key;
    for (const auto& payment : witness_.payments()) by_key.emplace(payment.provider_key, &payment);
    std::map<std::string, std::int64_t> returned;
    for (const auto& [key, entry] : provider_.books()) {
        if (entry.kind == Provider::Entry::Kind::refund && entry.good)
            returned[entry.captured_key] += entry.amount.amount;
    }
    for (const auto& [key, entry] : provider_.books()) {
        if (entry.kind != Provider::Entry::Kind::capture || !entry.good) continue;
        const auto found = by_key.find(key);
        if (found == by_key.end()) {
            verdict_.violated("4 money never vanishes", "the provider", "it took money that no payment knows of");
            continue;
        }
        const Payment& payment = *found->second;
        const auto object = "payment " + brief(payment.id);
        const auto back = returned[key];
        if (entry.amount != payment.amount)
            verdict_.violated("6 the price charged is the price quoted", object, "the provider took another amount");
        if (payment.status == PaymentStatus::captured && back != 0)
            verdict_.violated("4 captured money ends in tickets or a refund", object, "in both");
        if (payment.status == PaymentStatus::refunded && back != entry.amount.amount)
            verdict_.violated("4 captured money ends in tickets or a refund", object, "the provider returned less");
        if (payment.status == PaymentStatus::declined)
            verdict_.violated("4 money never vanishes", object, "it is declined, and the provider took the money");
        verdict_.checked("payments against the provider's books");
    }
    for (const auto& [key, payment] : by_key) {
        if (payment->status != PaymentStatus::captured && payment->status != PaymentStatus::refunded) continue;
        const auto found = provider_.books().find(key);
        if (found == provider_.books().end() || !found->second.good)
            verdict_.violated("4 what is captured was taken", "payment " + brief(payment->id), "the provider did not");
    }
    if (provider_.contradictions() != 0)
        verdict_.violated("4 a repeated request is the same", "the provider", "it was asked for other things");
}

void World::judge_order() {
    for (std::size_t i = 0; i < plan_.runs; ++i) {
        const RunId run = run_named(plan_, i);
        std::vector<const Event*> events;
        for (const auto& event : history_) {
            if (std::ranges::any_of(event.rides, [&](const HeldRide& ride) { return ride.run == run; }))
                events.push_back(&event);
        }
        const auto answer =
            find_order({run, codes_of(*consist_of(plan_, 0)), bit_of(Timetabled::shorter)}, events, kMostStates);
        verdict_.checked("answers in one order", events.size());
        verdict_.checked("states of that search", answer.states);
        if (answer.linear == Linear::gave_up) verdict_.checked("searches that gave up");
        if (answer.linear != Linear::no) continue;
        std::string why = "there is none in which they are right";
        for (std::size_t k = 0; k < std::min<std::size_t>(answer.stuck.size(), 3); ++k) why += "; " + answer.stuck[k];
        verdict_.violated("the answers are those of one order", "run " + to_string(run), why);
    }
}

}  // namespace railbook::sim
