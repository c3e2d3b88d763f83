# Warnings are errors from the first commit, for our code only (system headers are not ours).
add_library(postern_warnings INTERFACE)
target_compile_options(postern_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Werror -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor
  -Wold-style-cast -Wcast-align -Woverloaded-virtual -Wnull-dereference -Wimplicit-fallthrough
  -Wswitch-enum)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(postern_warnings INTERFACE -Wduplicated-cond -Wlogical-op)
  # g++ 12 reports these inside its own std::string and std::variant under -O2 and sanitizers.
  target_compile_options(postern_warnings INTERFACE
    -Wno-restrict -Wno-maybe-uninitialized -Wno-null-dereference -Wno-stringop-overflow
    -Wno-array-bounds -Wno-dangling-pointer)
endif()
