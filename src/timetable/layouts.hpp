#pragma once
/// Coach layouts and consists: which coaches and seats a train has. See docs/layouts.md.

#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <railbook/stores.hpp>

namespace railbook::timetable {

/// What a rule of a consist may ask of a train. The views live as long as the call.
struct TrainFacts {
    std::string_view feed = {};
    std::string_view agency = {};  ///< GTFS agency_id.
    int route_type = 2;            ///< GTFS route_type.
    std::string_view route = {};   ///< GTFS route_id.
    std::string_view trip = {};    ///< GTFS trip_id.
    ServiceDate date{};
};

/// The document that makes any GTFS train bookable at once.
const Document& built_in_layouts();

/// Status of one document: bad_data with a JSON Pointer for each mistake. The document may use layouts of earlier ones.
Status check_layouts(std::string_view json, std::span<const Document> earlier);

/// The coaches of a document that describes one consist. It may use layouts of earlier documents.
/// Errors: bad_data with pointers.
Result<std::shared_ptr<const Consist>> read_consist(std::string_view json, std::span<const Document> earlier);

/// Every document at once, ready to be asked. Immutable, so thread-safe.
class ConsistRules {
public:
    /// `imported`, oldest first; the built-in one comes before them. Of several rules that fit a train, the one of the
    /// newest document decides, and within a document the first. Errors: damaged (a stored document is not valid).
    static Result<ConsistRules> from_documents(std::span<const Document> imported);

    /// Never null: the built-in document has a rule for everything.
    std::shared_ptr<const Consist> consist_for(const TrainFacts& train) const;
    /// That some coach of some consist has; none twice.
    std::set<std::string> classes() const;

private:
    struct Rule;
    std::vector<std::shared_ptr<const Rule>> rules_;  // in the order in which they decide
};

}  // namespace railbook::timetable
