#include <boost/json.hpp>

#include "commands/check.hpp"
#include "commands/commands.hpp"
#include "errors.hpp"

namespace railbook::cli {
namespace {

namespace json = boost::json;

struct CheckLedger {};
int run(const CheckLedger&, Context& context) {
    return print_check("ledger.check", "the ledger balances, and holds every payment", context);
}

Columns ledger_columns() {
    auto amount = money_column("AMOUNT", "amount", "/amount");
    amount.shown = [](const json::value& item) {
        const auto text = money_at(item, "/amount");
        return text.substr(0, text.find(' '));
    };
    amount.raw = [](const json::value& item) { return text_at(item, "/amount/amount"); };
    return {number_column("SEQ", "seq", "/seq"),
            text_column("TRANSACTION", "transaction", "/transaction"),
            text_column("BOOKING", "booking", "/booking"),
            instant_column("AT", "at", "/at"),
            text_column("ACCOUNT", "account", "/account"),
            text_column("CURRENCY", "currency", "/amount/currency"),
            std::move(amount)};
}

/// Prints the ledger while it is read: it may be longer than what fits into memory. Only a table, which must know how
/// wide its columns become, and an array wait for its end.
class LedgerPrinter final : public RecordReader {
public:
    explicit LedgerPrinter(Context& context) : context_{context} {
        if (context_.format() == Format::csv) context_.write(csv_names(columns_));
    }

    using RecordReader::on;
    void on(const LedgerEntry& entry) override {
        entries_.push_back({{"seq", entry.seq},
                            {"transaction", entry.transaction},
                            {"booking", to_string(entry.booking)},
                            {"at", to_string(entry.at)},
                            {"account", entry.posting.account},
                            {"amount",
                             {{"amount", entry.posting.amount.amount},
                              {"currency", entry.posting.amount.currency},
                              {"scale", entry.posting.amount.scale}}}});
        if (is_streamed() && entries_.size() >= kBatch) write_batch();
    }

    int finish() {
        if (!is_streamed()) return context_.print_list(columns_, entries_);
        write_batch();
        return status_ ? kDone : context_.fail(status_.error());
    }

private:
    static constexpr std::size_t kBatch = 1000;

    bool is_streamed() const { return context_.format() == Format::csv || context_.format() == Format::jsonl; }
    void write_batch() {
        if (!status_) return;
        context_.write(context_.format() == Format::csv ? csv_lines(columns_, entries_) : json_lines(entries_));
        entries_.clear();
        status_ = context_.flush();
    }

    Context& context_;
    const Columns columns_ = ledger_columns();
    json::array entries_;
    Status status_;
};

struct ExportLedger {};
int run(const ExportLedger&, Context& context) {
    const auto engine = context.engine();
    if (!engine) return context.fail(engine.error());
    LedgerPrinter printer{context};
    if (const auto read = (*engine)->read_all(printer); !read) return context.fail(read.error());
    return printer.finish();
}

}  // namespace

void add_ledger(CLI::App& app, Context& context) {
    auto* noun = app.add_subcommand("ledger", "Where the money is");
    on_run(*noun->add_subcommand("check", "Check that it balances and holds every payment; 7 if not"), context,
           std::make_shared<CheckLedger>(), run);
    on_run(*noun->add_subcommand("export", "All postings, booking by booking; in CSV in the smallest unit"), context,
           std::make_shared<ExportLedger>(), run);
}

}  // namespace railbook::cli
