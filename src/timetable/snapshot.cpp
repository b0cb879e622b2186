#include "timetable/snapshot.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "timetable/codec.hpp"

namespace railbook::timetable {
namespace {

Result<std::shared_ptr<const Network>> load_network(TimetableStore& store, const Feed& feed, const Snapshot* earlier,
                                                    const KnownNetwork& imported, const ImageCache& cache) {
    if (imported.network && imported.checksum == feed.checksum && imported.network->feed() == feed.name)
        return imported.network;
    if (earlier) {
        const auto known = std::ranges::find_if(earlier->parts, [&](const Snapshot::Part& part) {
            return part.feed.name == feed.name && part.feed.checksum == feed.checksum;
        });
        if (known != earlier->parts.end()) return known->network;
    }
    if (auto mapped = cache.find(feed)) return mapped;
    const auto bytes = store.feed_data(feed.name);
    if (!bytes) return bytes.error();
    auto data = decode(*bytes);
    if (!data) return data.error();
    if (data->feed != feed.name) {
        return Error{ErrorCode::damaged, fmt::format("the stored timetable '{}' is that of another feed", feed.name)};
    }
    auto network = Network::from_data(*data);
    if (network) cache.keep(feed, **network);
    return network;
}

std::vector<std::shared_ptr<const Network>> networks_of(const std::vector<Snapshot::Part>& parts) {
    std::vector<std::shared_ptr<const Network>> networks;
    for (const auto& part : parts) networks.push_back(part.network);
    return networks;
}

}  // namespace

std::shared_ptr<const Network> Snapshot::share(std::string_view feed) const {
    const auto found = std::ranges::find_if(parts, [&](const Part& part) { return part.feed.name == feed; });
    return found == parts.end() ? nullptr : found->network;
}

const StationIndex& Snapshot::stations() const {
    std::call_once(stations_made_, [&] { stations_.emplace(networks_of(parts)); });
    return *stations_;
}

const std::vector<JoinedNetwork>& Snapshot::joined() const {
    if (parts.size() > 1)
        std::call_once(joined_made_, [&] { joined_ = JoinedNetwork::all_of(networks_of(parts), stations()); });
    return joined_;
}

bool Snapshot::has(const Network* network) const {
    const auto is_it = [&](const auto& part) { return part.network.get() == network; };
    const auto is_it_joined = [&](const JoinedNetwork& each) { return each.network().get() == network; };
    return std::ranges::any_of(parts, is_it) || std::ranges::any_of(joined(), is_it_joined);
}

Result<std::shared_ptr<const Snapshot>> load_snapshot(TimetableStore& store, const Snapshot* earlier,
                                                      const KnownNetwork& known, const ImageCache& cache,
                                                      std::uint64_t change) {
    auto documents = store.documents(DocumentKind::layouts);
    if (!documents) return documents.error();
    auto rules = ConsistRules::from_documents(*documents);
    if (!rules) return rules.error();
    const auto feeds = store.feeds();
    if (!feeds) return feeds.error();
    auto snapshot = std::make_shared<Snapshot>();
    snapshot->change = change;
    snapshot->documents = *std::move(documents);
    snapshot->rules = *std::move(rules);
    for (const auto& feed : *feeds) {
        auto network = load_network(store, feed, earlier, known, cache);
        // Removed by another process since the list was read: then it is not there.
        if (!network && network.error().code == ErrorCode::not_found) continue;
        if (!network) return network.error();
        snapshot->parts.push_back({feed, *std::move(network)});
    }
    return std::shared_ptr<const Snapshot>{std::move(snapshot)};
}

}  // namespace railbook::timetable
