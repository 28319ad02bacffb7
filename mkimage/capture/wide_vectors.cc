// See wide_vectors.h.
#include "mkimage/capture/wide_vectors.h"

#include <clang/AST/RecursiveASTVisitor.h>
#include <clang/Basic/TargetInfo.h>
#include <llvm/ADT/DenseMap.h>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace xaas {
namespace {

constexpr WideVector kWideVectors[] = {{128, "vector_size(32)", "__AVX__"}, {256, "vector_size(64)", "__AVX512F__"}};

using Places = llvm::function_ref<bool(clang::SourceLocation)>;

// The size of the widest vector in a value of a type, in bits.
class VectorSizes {
 public:
  explicit VectorSizes(const clang::ASTContext& context) : context_(context) {}

  std::uint64_t of(clang::QualType type) {
    type = type.getCanonicalType();
    if (type->isDependentType() || type->isIncompleteType() || type->isSizelessType()) return 0;
    if (type->isVectorType()) return context_.getTypeSize(type);
    const clang::RecordDecl* record = type->getAsRecordDecl();
    if (record == nullptr || !record->isCompleteDefinition() || record->isInvalidDecl()) return 0;
    if (const auto known = records_.find(record); known != records_.end()) return known->second;
    std::uint64_t widest = 0;
    for (const clang::FieldDecl* field : record->fields()) {
      widest = std::max(widest, of(context_.getBaseElementType(field->getType())));
    }
    if (const auto* object = llvm::dyn_cast<clang::CXXRecordDecl>(record)) {
      for (const clang::CXXBaseSpecifier& base : object->bases()) widest = std::max(widest, of(base.getType()));
    }
    records_[record] = widest;
    return widest;
  }

 private:
  const clang::ASTContext& context_;
  llvm::DenseMap<const clang::RecordDecl*, std::uint64_t> records_;
};

// Whether the unit has a type of vectors that are wide. Most units have none, and need not be looked at.
bool has_wide_vectors(const clang::ASTContext& context) {
  return llvm::any_of(context.getTypes(), [&](const clang::Type* type) {
    return type->isVectorType() && !type->isDependentType() && context.getTypeSize(type) > kWideVectors[0].bits;
  });
}

// Looks for functions that take or return wide vectors, and for calls that pass them.
class WideVectors : public clang::RecursiveASTVisitor<WideVectors> {
 public:
  WideVectors(const clang::ASTContext& context, Places is_own) : sizes_(context), is_own_(is_own) {}

  std::set<std::string> passed() && { return std::move(passed_); }

  bool shouldVisitTemplateInstantiations() const { return true; }
  bool shouldVisitImplicitCode() const { return true; }
  bool VisitFunctionDecl(const clang::FunctionDecl* function) {
    if (function->isDependentContext() || goes_its_own_way(function)) return true;
    std::uint64_t widest = sizes_.of(function->getReturnType());
    for (const clang::ParmVarDecl* parameter : function->parameters()) {
      widest = std::max(widest, sizes_.of(parameter->getType()));
    }
    note(function->getLocation(), widest);
    return true;
  }
  bool VisitCallExpr(const clang::CallExpr* call) {
    if (call->isTypeDependent()) return true;
    if (const clang::FunctionDecl* callee = call->getDirectCallee()) {
      if (goes_its_own_way(callee)) return true;
    }
    std::uint64_t widest = sizes_.of(call->getType());
    for (const clang::Expr* argument : call->arguments()) {
      if (!argument->isTypeDependent()) widest = std::max(widest, sizes_.of(argument->getType()));
    }
    note(call->getExprLoc(), widest);
    return true;
  }

 private:
  // Whether the -m options of the unit do not decide how the function is called: it has its own target, or it is one of
  // the compiler's, which are inlined.
  bool goes_its_own_way(const clang::FunctionDecl* function) const {
    return function->hasAttr<clang::TargetAttr>() || function->getBuiltinID() != 0 || is_own_(function->getLocation());
  }
  void note(clang::SourceLocation at, std::uint64_t widest) {
    for (const WideVector& vector : kWideVectors) {
      if (widest > vector.bits && !is_own_(at)) passed_.insert(vector.name);
    }
  }

  VectorSizes sizes_;
  const Places is_own_;
  std::set<std::string> passed_;
};

}  // namespace

const WideVector* find_wide_vector(llvm::StringRef name) {
  const auto* vector = llvm::find_if(kWideVectors, [&](const WideVector& one) { return name == one.name; });
  return vector == std::end(kWideVectors) ? nullptr : vector;
}

std::set<std::string> passed_wide_vectors(clang::ASTContext& context, Places is_own) {
  // Other architectures pass vectors of each size alike, whatever the CPU has.
  if (!context.getTargetInfo().getTriple().isX86() || !has_wide_vectors(context)) return {};
  WideVectors vectors(context, is_own);
  vectors.TraverseDecl(context.getTranslationUnitDecl());
  return std::move(vectors).passed();
}

}  // namespace xaas
