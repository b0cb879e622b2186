#pragma once
/// The schema's history. Migrations are numbered from 1, go forward only, and never change once they were released.

#include <span>

namespace railbook::store::sqlite {

struct Migration {
    int number;       ///< Becomes user_version.
    const char* sql;  ///< Runs in the transaction that also sets the number.
};
std::span<const Migration> migrations();

/// `RLBK`: how a file says that it is a Railbook store.
inline constexpr int kApplicationId = 0x524C424B;

// Their texts, in order.
extern const char* const kFirstSchema;
extern const char* const kBlocksSchema;
extern const char* const kFewerTreesSchema;

}  // namespace railbook::store::sqlite
