// Functions on text and tables, in several units.
#pragma once

#include <cstdint>
#include <string>

std::string sample(int lines);
std::uint64_t hash_of(const std::string& word);
double json(int repetitions);
double words(int repetitions);
double expressions(int repetitions);
