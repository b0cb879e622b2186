#include <boost/json/serialize.hpp>

#include "operations/encode.hpp"
#include "operations/table.hpp"

namespace railbook::operations {
namespace {

using boost::json::value;

/// `run`, which the timetable knows.
Result<Run> take_run(Request& request) {
    const auto text = request.body.text("run", 512);
    if (text.empty()) return Run{};  // the refusal says so
    return request.engine.timetable().run(std::string_view{text});
}

Result<value> seat_changes(Request& request) {
    const auto after =
        static_cast<std::uint64_t>(request.body.integer("after", 0, std::numeric_limits<std::int64_t>::max()));
    const auto run = take_run(request);
    if (auto refusal = request.refusal()) return std::move(*refusal);
    if (!run) return run.error();
    const auto changes = request.engine.inventory().changes_after(run->id, after);
    if (!changes) return changes.error();
    return encode(*changes, *run);
}

template <Result<SeatBlock> (Inventory::*change)(const Principal&, const BlockRequest&)>
Result<value> change_blocks(Request& request) {
    BlockRequest wanted{.key = request.key,
                        .run = {},
                        .from = request.body.text("from"),
                        .to = request.body.text("to"),
                        .seats = {}};
    request.body.array("seats", 10'000, true, [&](const value& element, const std::string& pointer) {
        const auto* text = element.if_string();
        auto seat = text ? parse_seat(*text)
                         : Result<SeatId>{Error{ErrorCode::invalid_argument, "must be a string such as 3/45"}};
        if (seat) wanted.seats.push_back(std::move(*seat));
        else request.body.mistakes().push_back({pointer, seat.error().detail});
    });
    const auto run = take_run(request);
    if (auto refusal = request.refusal()) return std::move(*refusal);
    if (!run) return run.error();
    wanted.run = run->id;
    const auto changed = (request.engine.inventory().*change)(request.principal, wanted);
    if (!changed) return changed.error();
    return encode(*changed, *run);
}

/// `consist`: a document of one, as docs/layouts.md describes it.
Result<std::shared_ptr<const Consist>> take_consist(Request& request) {
    const auto* document = request.body.member("consist");
    if (!document) {
        request.body.mistake("consist", "is missing");
        return std::shared_ptr<const Consist>{};
    }
    return request.engine.timetable().read_consist(boost::json::serialize(*document));
}

Result<value> offer_consist(Request& request) {
    const auto run = take_run(request);
    const auto consist = take_consist(request);
    if (auto refusal = request.refusal()) return std::move(*refusal);
    if (!run) return run.error();
    if (!consist) return consist.error();
    const auto offer = request.engine.inventory().offer_consist(request.principal, run->id, *consist);
    if (!offer) return offer.error();
    return encode(*offer);
}

Result<value> confirm_consist(Request& request) {
    const auto run = take_run(request);
    const auto consist = take_consist(request);
    const auto offer = request.body.text("offer");
    if (auto refusal = request.refusal()) return std::move(*refusal);
    if (!run) return run.error();
    if (!consist) return consist.error();
    const auto changed = request.engine.inventory().change_consist(request.principal, run->id, *consist, offer);
    if (!changed) return changed.error();
    return encode(*changed);
}

Result<value> offer_adoption(Request& request) {
    const auto run = take_run(request);
    if (auto refusal = request.refusal()) return std::move(*refusal);
    if (!run) return run.error();
    const auto offer = request.engine.inventory().offer_adoption(request.principal, run->id);
    if (!offer) return offer.error();
    return encode(*offer);
}

Result<value> confirm_adoption(Request& request) {
    const auto run = take_run(request);
    const auto offer = request.body.text("offer");
    if (auto refusal = request.refusal()) return std::move(*refusal);
    if (!run) return run.error();
    const auto adopted = request.engine.inventory().adopt(request.principal, run->id, offer);
    if (!adopted) return adopted.error();
    return encode(*adopted);
}

constexpr Operation kOperations[] = {
    {{"run.changes", Method::get, "/v1/runs/{run}/seats/changes", Scope::read, IdempotencyKey::none,
      "What changed on a run since a version"},
     seat_changes},
    {{"run.block", Method::post, "/v1/runs/{run}/blocks", Scope::operate, IdempotencyKey::required,
      "Keep seats from sale"},
     change_blocks<&Inventory::block>},
    {{"run.unblock", Method::delete_, "/v1/runs/{run}/blocks", Scope::operate, IdempotencyKey::none,
      "Give blocked seats back to the sale"},
     change_blocks<&Inventory::unblock>},
    {{"run.consist_offer", Method::post, "/v1/runs/{run}/consist-offers", Scope::operate, IdempotencyKey::none,
      "What other coaches would mean for a run"},
     offer_consist},
    {{"run.consist_confirm", Method::post, "/v1/runs/{run}/consist-offers/{offer}/confirm", Scope::operate,
      IdempotencyKey::none, "Give a run the coaches of an offer"},
     confirm_consist},
    {{"run.adoption_offer", Method::post, "/v1/runs/{run}/adoption-offers", Scope::operate, IdempotencyKey::none,
      "What it would mean that a sold run follows the timetable again"},
     offer_adoption},
    {{"run.adoption_confirm", Method::post, "/v1/runs/{run}/adoption-offers/{offer}/confirm", Scope::operate,
      IdempotencyKey::none, "Give a sold run the calls of the timetable"},
     confirm_adoption},
};

}  // namespace

std::span<const Operation> inventory_operations() { return kOperations; }

}  // namespace railbook::operations
