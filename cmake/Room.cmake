# postern_room(<name> SOURCES … [KNOWS <room> …] [USES <third-party target> …])
#
# One room of the house. KNOWS is who it may include: the libraries it links, nothing else.
# USES stays PRIVATE: a room's headers never show a third-party type (docs/architecture.md).
function(postern_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;KNOWS;USES" ${ARGN})
  if(ROOM_SOURCES)
    add_library(postern_${name} STATIC ${ROOM_SOURCES})
    set(scope PUBLIC)
    target_link_libraries(postern_${name} PRIVATE postern_warnings ${ROOM_USES})
  else()
    add_library(postern_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  add_library(postern::${name} ALIAS postern_${name})
  target_include_directories(postern_${name} ${scope} ${PROJECT_SOURCE_DIR}/milter)
  foreach(room IN LISTS ROOM_KNOWS)
    target_link_libraries(postern_${name} ${scope} postern::${room})
  endforeach()
endfunction()

# postern_test(<name> [CONCURRENCY] SOURCES … [KNOWS <room> …] [USES …]): one GoogleTest program per room.
# CONCURRENCY: it has threads meet, and so is what the tsan preset builds and runs (the target
# concurrency_tests, the label concurrency).
add_custom_target(concurrency_tests)
# GoogleTest's own headers are most of what a test takes to compile: they are compiled once for all.
function(postern_test_options target)
  # _FILE_OFFSET_BITS: some libraries' flags define it, and the headers must be compiled for all of them.
  target_compile_definitions(${target} PRIVATE
    POSTERN_SOURCE_DIR="${PROJECT_SOURCE_DIR}" _FILE_OFFSET_BITS=64)
  # The rooms are what is tested, as the preset builds them; optimising GoogleTest's templates as well
  # would take more time than all the rooms together.
  target_compile_options(${target} PRIVATE -O0 -U_FORTIFY_SOURCE)
  target_link_libraries(${target} PRIVATE postern_warnings GTest::gmock GTest::gtest_main)
endfunction()
function(postern_test name)
  cmake_parse_arguments(TEST "CONCURRENCY" "" "SOURCES;KNOWS;USES" ${ARGN})
  add_executable(test_${name} ${TEST_SOURCES})
  target_include_directories(test_${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  postern_test_options(test_${name})
  if(NOT TARGET postern_test_headers)
    file(WRITE ${CMAKE_BINARY_DIR}/test_headers.cc "// Nothing: see cmake/Room.cmake.\n")
    add_library(postern_test_headers OBJECT ${CMAKE_BINARY_DIR}/test_headers.cc)
    postern_test_options(postern_test_headers)
    target_precompile_headers(postern_test_headers PRIVATE <gtest/gtest.h> <gmock/gmock.h>)
  endif()
  target_precompile_headers(test_${name} REUSE_FROM postern_test_headers)
  target_link_libraries(test_${name} PRIVATE ${TEST_USES})
  foreach(room IN LISTS TEST_KNOWS)
    target_link_libraries(test_${name} PRIVATE postern::${room})
  endforeach()
  add_test(NAME ${name} COMMAND test_${name})
  if(TEST_CONCURRENCY)
    set_tests_properties(${name} PROPERTIES LABELS concurrency)
    add_dependencies(concurrency_tests test_${name})
  endif()
endfunction()
