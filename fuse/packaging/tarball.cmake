# cpack reads this file for each kind of package that it makes. The tarball has only one component.
if(CPACK_GENERATOR STREQUAL "TGZ")
  set(CPACK_COMPONENTS_ALL mount)
  set(CPACK_ARCHIVE_COMPONENT_INSTALL ON)
  set(CPACK_ARCHIVE_RUN_FILE_NAME ${CPACK_PACKAGE_NAME}-${CPACK_PACKAGE_VERSION}-x86_64)
  set(CPACK_PACKAGE_FILE_NAME ${CPACK_ARCHIVE_RUN_FILE_NAME})  # the directory in it
  set(CPACK_COMPONENT_INCLUDE_TOPLEVEL_DIRECTORY ON)
endif()
