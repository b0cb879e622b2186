#include <filesystem>
#include <fstream>
#include <iostream>

#include <sys/stat.h>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "commands/check.hpp"
#include "commands/commands.hpp"
#include "errors.hpp"

namespace railbook::cli {
namespace {

struct VerifyStore {};
int run(const VerifyStore&, Context& context) { return print_check("store.verify", "every law holds", context); }

/// Receives the lines of a dump, and takes the place of the file once all of them are there.
class DumpFile {
public:
    explicit DumpFile(std::string file) : file_{std::move(file)}, part_{file_ + ".part"} {}
    ~DumpFile() {
        stream_.close();
        std::error_code ignored;
        if (!whole_) std::filesystem::remove(part_, ignored);
    }
    DumpFile(const DumpFile&) = delete;
    DumpFile& operator=(const DumpFile&) = delete;

    Status open() {
        // What a dump holds is for its owner alone: it has the keys of the store in it.
        const auto mask = umask(077);
        stream_.open(part_, std::ios::binary | std::ios::trunc);
        umask(mask);
        return stream_ ? Status{} : Error{ErrorCode::forbidden, fmt::format("'{}' cannot be written", part_)};
    }
    Status write(std::string_view line) {
        stream_ << line << '\n';
        return stream_ ? Status{} : full();
    }
    Status finish() {
        stream_.close();
        if (!stream_) return full();
        std::error_code failure;
        std::filesystem::rename(part_, file_, failure);
        if (failure) return Error{ErrorCode::forbidden, fmt::format("'{}' cannot be written", file_)};
        whole_ = true;
        return {};
    }

private:
    Error full() const {
        return {ErrorCode::storage_full, fmt::format("'{}' could not be written", part_), "free space on the disk"};
    }

    std::string file_;
    std::string part_;
    std::ofstream stream_;
    bool whole_ = false;
};

struct DumpStore {
    std::string file;
};
int run(const DumpStore& options, Context& context) {
    const auto engine = context.engine();
    if (!engine) return context.fail(engine.error());
    std::size_t lines = 0;
    if (options.file == "-") {
        const auto done = (*engine)->dump([&](std::string_view line) -> Status {
            context.write(line);
            context.write("\n");
            return ++lines % 1000 == 0 ? context.flush() : Status{};
        });
        return done ? kDone : context.fail(done.error());
    }
    DumpFile file{options.file};
    if (const auto opened = file.open(); !opened) return context.fail(opened.error());
    const auto done = (*engine)->dump([&](std::string_view line) {
        ++lines;
        return file.write(line);
    });
    if (!done) return context.fail(done.error());
    if (const auto finished = file.finish(); !finished) return context.fail(finished.error());
    context.note(fmt::format("{} lines; keep them safe: the store's keys are among them", lines));
    return kDone;
}

struct LoadStore {
    std::string file;
};
int run(const LoadStore& options, Context& context) {
    std::ifstream file;
    if (options.file != "-") {
        file.open(options.file, std::ios::binary);
        if (!file) return context.fail(Error{ErrorCode::not_found, fmt::format("there is no file '{}'", options.file)});
    }
    std::istream& lines = options.file == "-" ? std::cin : file;
    std::size_t count = 0;
    const auto next = [&]() -> Result<std::optional<std::string>> {
        std::string line;
        if (!std::getline(lines, line)) return std::optional<std::string>{};
        ++count;
        return std::optional{std::move(line)};
    };
    const auto done = Engine::load(context.settings().store, next, context.settings().engine);
    if (!done) return context.fail(done.error());
    context.note(fmt::format("{} lines are loaded", count));
    return kDone;
}

struct BackupStore {
    std::string file;
};
int run(const BackupStore& options, Context& context) {
    const auto answer = context.call("store.backup", {{"file", options.file}});
    if (!answer) return context.fail(answer.error());
    return context.print_one(answer->text, answer->value, {text_column("FILE", "file", "/file")},
                             fmt::format("the backup is {}\n", text_at(answer->value, "/file")));
}

struct RestoreStore {
    std::string file;
};
/// Not an operation: nothing may have the store open that is replaced.
int run(const RestoreStore& options, Context& context) {
    const auto kept = Engine::restore(context.settings().store, options.file, context.settings().engine);
    if (!kept) return context.fail(kept.error());
    const boost::json::value answer{{"restored", options.file}, {"old_store", *kept}};
    std::string description = fmt::format("the store is that of {}\n", options.file);
    if (!kept->empty()) description += fmt::format("the old one is {}\n", *kept);
    return context.print_one(
        boost::json::serialize(answer), answer,
        {text_column("RESTORED", "restored", "/restored"), text_column("OLD STORE", "old_store", "/old_store")},
        description);
}

}  // namespace

void add_store(CLI::App& app, Context& context) {
    auto* noun = app.add_subcommand("store", "The store itself");
    on_run(*noun->add_subcommand("verify", "Check every law on the live data; 7 if one is broken"), context,
           std::make_shared<VerifyStore>(), run);
    {
        auto options = std::make_shared<DumpStore>();
        auto* command = noun->add_subcommand("dump", "Write the whole store as lines of JSON, for `store load`");
        command->add_option("FILE", options->file, "Where to; - for the standard output")->required();
        on_run(*command, context, options, run);
    }
    {
        auto options = std::make_shared<LoadStore>();
        auto* command = noun->add_subcommand("load", "Fill an empty store of any kind from a dump, all or nothing");
        command->add_option("FILE", options->file, "The dump; - for the standard input")->required();
        on_run(*command, context, options, run);
    }
    {
        auto options = std::make_shared<BackupStore>();
        auto* command = noun->add_subcommand("backup", "Copy the store into a new file while it is used");
        command->add_option("FILE", options->file, "Name of the new file")->required();
        on_run(*command, context, options, run);
    }
    {
        auto options = std::make_shared<RestoreStore>();
        auto* command = noun->add_subcommand("restore", "Put a backup in the place of the store; the old one is kept");
        command->add_option("FILE", options->file, "The backup")->required();
        on_run(*command, context, options, run);
    }
}

}  // namespace railbook::cli
