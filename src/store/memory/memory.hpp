#pragma once
/// A store that lives as long as its process: the model that the others are compared with, and the fastest.

#include <memory>

#include <railbook/environment.hpp>
#include <railbook/stores.hpp>

namespace railbook::store {

/// The environment must outlive the store.
std::unique_ptr<Store> open_memory(Environment& environment);

}  // namespace railbook::store
