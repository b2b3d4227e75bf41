#include <signet/documents.hpp>
#include <signet/updated.hpp>
