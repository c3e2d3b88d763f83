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
function(postern_test name)
  cmake_parse_arguments(TEST "CONCURRENCY" "" "SOURCES;KNOWS;USES" ${ARGN})
  add_executable(test_${name} ${TEST_SOURCES})
  target_include_directories(test_${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_compile_definitions(test_${name} PRIVATE
    POSTERN_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  # The rooms are what is tested, as the preset builds them; optimising GoogleTest's templates as well
  # would take more time than all the rooms together.
  target_compile_options(test_${name} PRIVATE -O0 -U_FORTIFY_SOURCE)
  target_link_libraries(test_${name} PRIVATE postern_warnings GTest::gmock GTest::gtest_main
    ${TEST_USES})
  foreach(room IN LISTS TEST_KNOWS)
    target_link_libraries(test_${name} PRIVATE postern::${room})
  endforeach()
  add_test(NAME ${name} COMMAND test_${name})
  if(TEST_CONCURRENCY)
    set_tests_properties(${name} PROPERTIES LABELS concurrency)
    add_dependencies(concurrency_tests test_${name})
  endif()
endfunction()
