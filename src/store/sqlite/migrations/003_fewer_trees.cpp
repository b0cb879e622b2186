#include "store/sqlite/migrations/migrations.hpp"

namespace railbook::store::sqlite {

const char* const kFewerTreesSchema = R"sql(
-- The items of a hold name its seats, and with them its allocations.
DROP INDEX allocations_of_hold;
)sql";

}  // namespace railbook::store::sqlite
