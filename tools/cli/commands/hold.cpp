#include <boost/json.hpp>
#include <fmt/format.h>

#include <railbook/time.hpp>

#include "commands/commands.hpp"
#include "commands/views.hpp"
#include "errors.hpp"

namespace railbook::cli {
namespace {

namespace json = boost::json;

int print_hold(const Result<Answer>& answer, Context& context) {
    if (!answer) return context.fail(answer.error());
    return context.print_one(answer->text, answer->value, hold_columns(),
                             describe_hold(answer->value, context.color()));
}

struct CreateHold {
    std::string run;
    std::string from;
    std::string to;
    std::vector<std::string> seats;
    int best = 1;
    std::string travel_class;
    std::vector<std::string> wishes;
    std::string facing;
    std::string near;
    int wheelchairs = 0;
    int children = 0;
    bool required = false;
    int changes = 0;
};

json::object wishes_of(const CreateHold& options) {
    json::object wishes;
    json::array properties;
    for (const auto& wish : options.wishes) properties.push_back(json::value(wish));
    if (!properties.empty()) wishes["properties"] = std::move(properties);
    if (!options.facing.empty()) wishes["facing"] = options.facing;
    if (!options.near.empty()) wishes["near"] = options.near;
    if (options.wheelchairs > 0) wishes["wheelchairs"] = options.wheelchairs;
    if (options.children > 0) wishes["children"] = options.children;
    if (options.required) wishes["required"] = true;
    if (options.changes > 0) wishes["changes"] = options.changes;
    return wishes;
}

int run(const CreateHold& options, Context& context) {
    json::object item{{"run", options.run}, {"from", options.from}, {"to", options.to}};
    if (!options.seats.empty()) {
        json::array seats;
        for (const auto& seat : options.seats) seats.push_back(json::value(seat));
        item["seats"] = std::move(seats);
    } else {
        json::object best{{"count", options.best}};
        if (!options.travel_class.empty()) best["class"] = options.travel_class;
        if (auto wishes = wishes_of(options); !wishes.empty()) best["wishes"] = std::move(wishes);
        item["best"] = std::move(best);
    }
    json::object body;
    body["items"] = json::array{std::move(item)};
    return print_hold(context.call("hold.create", body), context);
}

struct ShowHold {
    std::string id;
};
int run(const ShowHold& options, Context& context) {
    return print_hold(context.call("hold.show", {{"id", options.id}}), context);
}

struct ListHolds {};
int run(const ListHolds&, Context& context) {
    const auto holds = context.call_for_all("hold.list", {});
    if (!holds) return context.fail(holds.error());
    return context.print_list(hold_columns(), *holds);
}

struct ExtendHold {
    std::string id;
    std::int64_t fence = 0;
    std::string by;
};
int run(const ExtendHold& options, Context& context) {
    json::object body{{"id", options.id}};
    if (options.fence != 0) body["fence"] = options.fence;
    if (!options.by.empty()) {
        const auto by = parse_duration(options.by);
        if (!by) return context.fail(by.error());
        body["extend_by"] = std::chrono::ceil<std::chrono::seconds>(*by).count();
    }
    return print_hold(context.call("hold.extend", body), context);
}

struct ReleaseHold {
    std::string id;
    std::int64_t fence = 0;
};
int run(const ReleaseHold& options, Context& context) {
    json::object body{{"id", options.id}};
    if (options.fence != 0) body["fence"] = options.fence;
    const auto answer = context.call("hold.release", body);
    if (!answer) return context.fail(answer.error());
    context.note(fmt::format("the hold {} is released", options.id));
    return kDone;
}

void add_fence(CLI::App& command, std::int64_t& fence) {
    command.add_option("--fence", fence, "The hold's fence; the operator may leave it out")->check(CLI::PositiveNumber);
}

}  // namespace

void add_hold(CLI::App& app, Context& context) {
    auto* noun = app.add_subcommand("hold", "Seats that are kept while somebody decides");
    {
        auto options = std::make_shared<CreateHold>();
        auto* command = noun->add_subcommand("create", "Hold seats on a run between two of its stops");
        command->add_option("RUN", options->run, "Run: 2026-12-01.db:531")->required();
        command->add_option("--from", options->from, "Stop: id or name")->required();
        command->add_option("--to", options->to, "Stop: id or name")->required();
        auto* seats = command->add_option("--seat", options->seats, "These seats: 3/45 3/46");
        auto* best = command->add_option("--best", options->best, "Any so many seats, together where possible")
                         ->capture_default_str();
        auto* travel_class =
            command->add_option("--class", options->travel_class, "Class of --best; the train's last where left out");
        seats->excludes(best)->excludes(travel_class);
        const auto wish = [&](CLI::Option* option) { seats->excludes(option); };
        wish(command->add_option("--wish", options->wishes, "Properties of each seat: WINDOW AISLE TABLE QUIET ..."));
        wish(command->add_option("--facing", options->facing, "forward, backward or each_other"));
        wish(command->add_option("--near", options->near, "As near as possible to this seat: 3/45"));
        wish(command->add_option("--wheelchairs", options->wheelchairs, "So many need a wheelchair place")
                 ->check(CLI::NonNegativeNumber));
        wish(command->add_option("--children", options->children, "So many are children, who never sit alone")
                 ->check(CLI::NonNegativeNumber));
        wish(command->add_flag("--required", options->required, "No seat rather than one without the properties"));
        wish(command->add_option("--seat-changes", options->changes, "How often they may change seats on the way")
                 ->check(CLI::NonNegativeNumber));
        on_run(*command, context, options, run);
    }
    {
        auto options = std::make_shared<ShowHold>();
        auto* command = noun->add_subcommand("show", "One hold");
        command->add_option("ID", options->id, "Hold id")->required();
        on_run(*command, context, options, run);
    }
    {
        auto* command = noun->add_subcommand("list", "Holds, newest first");
        on_run(*command, context, std::make_shared<ListHolds>(), run);
    }
    {
        auto options = std::make_shared<ExtendHold>();
        auto* command = noun->add_subcommand("extend", "Keep held seats longer");
        command->add_option("ID", options->id, "Hold id")->required();
        add_fence(*command, options->fence);
        command->add_option("--by", options->by, "By how much, such as 5m; --hold-extension where left out");
        on_run(*command, context, options, run);
    }
    {
        auto options = std::make_shared<ReleaseHold>();
        auto* command = noun->add_subcommand("release", "Give held seats back");
        command->add_option("ID", options->id, "Hold id")->required();
        add_fence(*command, options->fence);
        on_run(*command, context, options, run);
    }
}

}  // namespace railbook::cli
