#include "store/sqlite/migrations/migrations.hpp"

#include <array>

namespace railbook::store::sqlite {

std::span<const Migration> migrations() {
    static const std::array kMigrations{Migration{1, kFirstSchema}, Migration{2, kBlocksSchema},
                                       Migration{3, kFewerTreesSchema}};
    return kMigrations;
}

}  // namespace railbook::store::sqlite
