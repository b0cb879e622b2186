#include "store/postgres/migrations/migrations.hpp"

#include <array>
#include <string>

namespace railbook::store::postgres {

std::span<const Migration> migrations() {
    static const std::string kFirst = std::string{kFirstTables} + kFirstFunctions;
    static const std::array kMigrations{Migration{1, kFirst.c_str()}, Migration{2, kFront}, Migration{3, kFences}};
    return kMigrations;
}

}  // namespace railbook::store::postgres
