#include "sim/simulator/plan.hpp"

namespace railbook::sim {

std::string_view to_string(Operation operation) {
    constexpr std::array<std::string_view, kOperations> kNames{
        "hold seats", "hold best",   "hold journey", "extend",    "release",     "book",    "pay",     "find",
        "list",       "look",        "repeat",       "reuse key", "stale fence", "foreign", "run due", "block",
        "staff",      "hold wishes", "share key",    "coaches",   "import",      "follow",    "cancel"};
    return kNames[static_cast<std::size_t>(operation)];
}

std::string_view to_string(Fault fault) {
    constexpr std::array<std::string_view, kFaults> kNames{"store: conflict",
                                                           "store: unavailable before",
                                                           "store: unavailable after",
                                                           "gateway: unavailable before",
                                                           "gateway: unavailable after",
                                                           "gateway: slow",
                                                           "process: crash",
                                                           "power: cut",
                                                           "clock: forward",
                                                           "clock: backward",
                                                           "clock: to a deadline"};
    return kNames[static_cast<std::size_t>(fault)];
}

Plan draw_plan(std::uint64_t seed, StoreKind store) {
    Random random{seed ^ 0x5EEDU};
    Plan plan;
    plan.seed = seed;
    plan.store = store;
    if (random.one_in(8)) {
        plan.runs = 1 + random.below(4);
        plan.segments = 2 + random.below(6);
        plan.seats = 2 + random.below(10);
        plan.coaches = 1 + random.below(3);
        plan.clients = 4 + random.below(20);
        plan.operations = 400;
    } else {
        plan.runs = 1 + random.below(3);
        plan.segments = 1 + random.below(5);
        plan.seats = 1 + random.below(4);
        plan.clients = 2 + random.below(8);
        plan.operations = 120 + random.below(120);
    }
    for (auto& wanted : plan.wanted) wanted = random.coin();
    for (auto& fault : plan.faults) fault = random.coin();
    // Booking and paying are long ways: they are tried in more than a quarter of the worlds.
    const bool pays = random.coin();
    if (pays)
        plan.wanted[static_cast<std::size_t>(Operation::book)] = plan.wanted[static_cast<std::size_t>(Operation::pay)] =
            true;
    // Without a hold nothing happens.
    if (!plan.does(Operation::hold_seats) && !plan.does(Operation::hold_best)) plan.wanted[random.below(2)] = true;
    plan.fault_in = 8 + random.below(60);
    plan.chaos_in = 40 + random.below(400);
    plan.patience = random.below(4);
    plan.drift = random.between(0, 20);
    plan.ttl = Duration{random.between(500, 60'000)};
    plan.extension = Duration{random.between(1, 30'000)};
    plan.max = plan.ttl + Duration{random.between(0, 40'000)};
    plan.payment_ttl = Duration{random.between(500, 60'000)};
    plan.skew = Duration{random.between(-5000, 5000)};
    return plan;
}

}  // namespace railbook::sim
