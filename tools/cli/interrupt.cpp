#include "interrupt.hpp"

#include <csignal>

#include <unistd.h>

#include "errors.hpp"

namespace railbook::cli {
namespace {

volatile std::sig_atomic_t deferring = 0;
volatile std::sig_atomic_t noted = 0;

void on_interrupt(int) {
    if (deferring == 0 || noted != 0) _exit(kInterrupted);
    noted = 1;
}

}  // namespace

void install_signal_handlers() {
    std::signal(SIGINT, on_interrupt);
    std::signal(SIGPIPE, SIG_IGN);
}

DeferInterrupt::DeferInterrupt() { deferring = deferring + 1; }
DeferInterrupt::~DeferInterrupt() { deferring = deferring - 1; }

bool interrupted() { return noted != 0; }

}  // namespace railbook::cli
