// What becomes of each clang option that clang keeps for generating code: whether IR says it, whether it may be left
// out, or whether its units stay native. The list of options is clang's own.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <string_view>

#include "mkimage/compiler/compiler_options.h"

namespace {

using namespace xaas;

enum class Fate {
  in_ir,     // attributes, metadata, module flags or instructions say it
  recorded,  // the unit's record says it
  ours,      // the capturing command decides it
  harmless,  // debug information, messages, or how fast code is
  native,    // units with it stay as they were compiled
  foreign,   // for other languages, systems or processors
};
using enum Fate;

// The fate of each option, by the name of its setting.
const std::map<std::string_view, Fate> kFates = {
    {"AAPCSBitfieldWidth", foreign},
    {"Addrsig", harmless},
    {"AllTocData", foreign},
    {"AsmVerbose", harmless},
    {"AssumeSaneOperatorNew", in_ir},
    {"AssumeUniqueVTables", in_ir},
    {"AtomicProfileUpdate", in_ir},
    {"AutoImport", foreign},
    {"Autolink", in_ir},
    {"BBAddrMap", native},
    {"BBSections", native},
    {"Backchain", in_ir},
    {"CXAAtExit", in_ir},
    {"CXXCtorDtorAliases", in_ir},
    {"CallFEntry", in_ir},
    {"CodeViewCommandLine", foreign},
    {"CodeViewGHash", foreign},
    {"CoverageCompilationDir", harmless},
    {"CoverageMapping", in_ir},
    {"DataSections", recorded},
    {"DebugColumnInfo", harmless},
    {"DebugCompilationDir", harmless},
    {"DebugInfoForProfiling", harmless},
    {"DebugOmitUnreferencedMethods", harmless},
    {"DebugRangesBaseAddress", harmless},
    {"DebugStrictDwarf", harmless},
    {"DefaultTLSModel", in_ir},
    {"DiagnosticsWithHotness", harmless},
    {"DisableBlockSignatureString", foreign},
    {"DisableIntegratedAS", native},
    {"DisableTailCalls", in_ir},
    {"Dwarf64", harmless},
    {"EmbedBitcode", native},
    {"EmbedSource", harmless},
    {"EmitCheckPathComponentsToStrip", native},
    {"EmitCodeView", foreign},
    {"EmitCompactUnwindNonCanonical", foreign},
    {"EmitDwarfUnwind", foreign},
    {"EmitIEEENaNCompliantInsts", foreign},
    {"EmitOpenCLArgMetadata", foreign},
    {"EmulatedTLS", native},
    {"EnableSegmentedStacks", in_ir},
    {"EnableSplitLTOUnit", ours},
    {"FatLTO", ours},
    {"FineGrainedBitfieldAccesses", in_ir},
    {"ForceAAPCSBitfieldLoad", foreign},
    {"ForceDwarfFrameSection", harmless},
    {"ForceEmitVTables", in_ir},
    {"FunctionReturnThunks", in_ir},
    {"FunctionSections", recorded},
    {"HIPCorrectlyRoundedDivSqrt", foreign},
    {"HIPSaveKernelArgName", foreign},
    {"HotPatch", native},
    {"IncrementalLinkerCompatible", harmless},
    {"IndirectBranchCSPrefix", in_ir},
    {"IndirectTlsSegRefs", in_ir},
    {"InlineAsmDialect", in_ir},
    {"InlineMaxStackSize", in_ir},
    {"InstrumentForProfiling", in_ir},
    {"InstrumentFunctionEntryBare", in_ir},
    {"InstrumentFunctions", in_ir},
    {"InstrumentFunctionsAfterInlining", in_ir},
    {"JMCInstrument", native},
    {"KeepPersistentStorageVariables", in_ir},
    {"KeepStaticConsts", in_ir},
    {"LessPreciseFPMAD", in_ir},
    {"LinkBitcodePostopt", foreign},
    {"LoopAlignment", harmless},
    {"MCDCCoverage", in_ir},
    {"MNopMCount", in_ir},
    {"MemoryProfileUsePath", in_ir},
    {"MergeAllConstants", in_ir},
    {"NoCommon", in_ir},
    {"NoDwarfDirectoryAsm", harmless},
    {"NoEscapingBlockTailCalls", in_ir},
    {"NoInlineLineTables", in_ir},
    {"NoPLT", in_ir},
    {"NoStackArgProbe", in_ir},
    {"NoTocDataVars", foreign},
    {"NoUseJumpTables", in_ir},
    {"NoZeroInitializedInBSS", native},
    {"NullPointerIsValid", in_ir},
    {"ObjCAutoRefCountExceptions", foreign},
    {"ObjCAvoidHeapifyLocalBlocks", foreign},
    {"ObjCConvertMessagesToRuntimeCalls", foreign},
    {"ObjectFilenameForDebug", harmless},
    {"OffloadObjects", foreign},
    {"OpenCLCorrectlyRoundedDivSqrt", foreign},
    {"PPCUseFullRegisterNames", foreign},
    {"PackedStack", foreign},
    {"PassPlugins", native},
    {"PatchableFunctionEntryCount", in_ir},
    {"PreferVectorWidth", in_ir},
    {"PreserveAsmComments", harmless},
    {"ProfileExcludeFiles", in_ir},
    {"ProfileFilterFiles", in_ir},
    {"ProfileRemappingFile", in_ir},
    {"ProfileSampleAccurate", in_ir},
    {"ProfileSelectedFunctionGroup", in_ir},
    {"ProfileTotalFunctionGroups", in_ir},
    {"PseudoProbeForProfiling", in_ir},
    {"Reciprocals", in_ir},
    {"RecordMCount", in_ir},
    {"RegisterGlobalDtorsWithAtExit", foreign},
    {"RelaxAll", harmless},
    {"SSE2AVX", native},
    {"SampleProfileFile", in_ir},
    {"SeparateNamedSections", native},
    {"SkipRaxSetup", in_ir},
    {"SoftFloat", in_ir},
    {"SpeculativeLoadHardening", in_ir},
    {"SplitDwarfInlining", harmless},
    {"SplitMachineFunctions", native},
    {"StackAlignment", in_ir},
    {"StackClashProtector", in_ir},
    {"StackProbeSize", in_ir},
    {"StackProtectorGuard", in_ir},
    {"StackProtectorGuardOffset", in_ir},
    {"StackProtectorGuardReg", in_ir},
    {"StackProtectorGuardSymbol", in_ir},
    {"StackRealignment", in_ir},
    {"StackSizeSection", native},
    {"StrictEnums", in_ir},
    {"StrictFloatCastOverflow", in_ir},
    {"StrictReturn", in_ir},
    {"StrictVTablePointers", in_ir},
    {"SwiftAsyncFramePointer", foreign},
    {"SymbolPartition", in_ir},
    {"TLSSize", foreign},
    {"ThinLinkBitcodeFile", harmless},
    {"TimePasses", harmless},
    {"TimePassesPerRun", harmless},
    {"TocDataVarsUserSpecified", foreign},
    {"TrapFuncName", in_ir},
    {"UnifiedLTO", native},
    {"UniqueBasicBlockSectionNames", harmless},
    {"UniqueInternalLinkageNames", in_ir},
    {"UniqueSectionNames", harmless},
    {"UseInitArray", native},
    {"VecLib", harmless},
    {"VirtualFunctionElimination", native},
    {"WholeProgramVTables", ours},
    {"XRayFunctionIndex", native},
    {"XRayIgnoreLoops", in_ir},
    {"XRayInstructionThreshold", in_ir},
    {"XRaySelectedFunctionGroup", in_ir},
    {"XRayTotalFunctionGroups", in_ir},
    {"ZeroCallUsedRegs", in_ir},
};

struct CodeGenOption {
  std::string_view spelling;
  std::string_view visibility;
  std::string_view rest;

  bool is_for_users() const { return visibility.find("DefaultVis") != std::string_view::npos; }
  std::string_view setting() const {
    constexpr std::string_view kStart = "CodeGenOpts.";
    const std::size_t start = rest.find(kStart);
    if (start == std::string_view::npos) return {};
    const std::string_view name = rest.substr(start + kStart.size());
    return name.substr(0, name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"));
  }
};

constexpr CodeGenOption kOptions[] = {
#define CODEGEN_OPTION_WITH_MARSHALLING(prefix, spelling, id, kind, group, alias, arguments, flags, visibility, ...) \
  {spelling, #visibility, #__VA_ARGS__},
#include <clang/Driver/Options.inc>
#undef CODEGEN_OPTION_WITH_MARSHALLING
};

// Code with sanitizers makes no bitcode at all.
Fate fate_of(std::string_view setting) {
  if (setting.starts_with("Sanitize")) return native;
  const auto found = kFates.find(setting);
  if (found == kFates.end()) FAIL("an option for generating code that nobody has looked at: " << setting);
  return found->second;
}

// A switch has two spellings. One of them says what is so anyway.
bool is_default(std::string_view spelling) {
  static constexpr std::string_view kDefaults[] = {"-fintegrated-as", "-fuse-init-array", "-fzero-initialized-in-bss",
                                                   "-fxray-function-index"};
  if (std::ranges::find(kDefaults, spelling) != std::end(kDefaults)) return true;
  static constexpr std::string_view kWanted[] = {"-fno-integrated-as", "-fno-use-init-array",
                                                 "-fno-zero-initialized-in-bss", "-fno-xray-function-index"};
  return spelling.starts_with("-fno-") && std::ranges::find(kWanted, spelling) == std::end(kWanted);
}

}  // namespace

TEST_CASE("every option of clang's for generating code is in IR, recorded, without meaning, or keeps its unit native") {
  std::size_t looked_at = 0;
  for (const CodeGenOption& option : kOptions) {
    if (!option.is_for_users() || option.setting().empty()) continue;
    INFO(option.spelling);
    const Fate fate = fate_of(option.setting());
    ++looked_at;
    if (fate == in_ir || fate == harmless || fate == foreign || fate == ours || is_default(option.spelling)) continue;
    // The options of the sanitizers mean nothing without -fsanitize=.
    if (option.setting().starts_with("Sanitize") || option.setting() == "EmitCheckPathComponentsToStrip") continue;
    const CompilerOption* ours = find_compiler_option(std::string(option.spelling));
    REQUIRE(ours != nullptr);
    if (fate == recorded) CHECK(ours->effect == OptionEffect::section);
    if (fate == native) CHECK((ours->effect == OptionEffect::native || ours->effect == OptionEffect::untouched));
  }
  CHECK(looked_at > 200);
}
