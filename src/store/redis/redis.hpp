#pragma once
/// Redis in front of a system of record: it holds seats for the crowd, and is never the truth.

#include <memory>
#include <string>

#include <railbook/environment.hpp>
#include <railbook/stores.hpp>

#include "store/record.hpp"

namespace railbook::store {

struct RedisOptions {
    /// Tests move time by hand. Else the record's clock decides.
    bool clock_of_environment = false;
};

/// `url` is `redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE]` or `unix://[[USER]:PASSWORD@]/SOCKET[?db=DATABASE]`; one
/// server, or any of a cluster. The environment must outlive the store.
/// Errors: invalid_argument (the URL); unavailable; forbidden (user or password); unsupported (its eviction policy
/// would throw holds away).
Result<std::unique_ptr<Store>> open_redis(const std::string& url, std::unique_ptr<SystemOfRecord> record,
                                          Environment& environment, const RedisOptions& options = {});

}  // namespace railbook::store
