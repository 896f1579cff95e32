; of 101e30267a7831fc8e2fe9b623e07d01bc68c6d361c4b4b95ceae3dfde56bd58, by packaging/ray_code.py

define noundef i32 @rays_launch(ptr noalias writeonly %retptr, ptr noalias readnone %excinfo, ptr %arg.height.0, ptr readnone %arg.height.1, i64 %arg.height.2, i64 %arg.height.3, ptr readonly %arg.height.4, i64 %arg.height.5.0, i64 %arg.height.5.1, i64 %arg.height.6.0, i64 %arg.height.6.1, ptr %arg.sides.0, ptr readnone %arg.sides.1, i64 %arg.sides.2, i64 %arg.sides.3, ptr readonly %arg.sides.4, i64 %arg.sides.5.0, i64 %arg.sides.5.1, i64 %arg.sides.5.2, i64 %arg.sides.5.3, i64 %arg.sides.6.0, i64 %arg.sides.6.1, i64 %arg.sides.6.2, i64 %arg.sides.6.3, ptr %arg.sources.0, ptr readnone %arg.sources.1, i64 %arg.sources.2, i64 %arg.sources.3, ptr readonly %arg.sources.4, i64 %arg.sources.5.0, i64 %arg.sources.5.1, i64 %arg.sources.6.0, i64 %arg.sources.6.1, double %arg.tx, double %arg.ty, double %arg.tz, double %arg.receiver_m, double %arg.cell_m, i64 %arg.azimuths, i64 %arg.bent, i64 %arg.most, i64 %arg.first_row, i64 %arg.first_col, ptr %arg.stack.0, ptr readnone %arg.stack.1, i64 %arg.stack.2, i64 %arg.stack.3, ptr %arg.stack.4, i64 %arg.stack.5.0, i64 %arg.stack.5.1, i64 %arg.stack.6.0, i64 %arg.stack.6.1, ptr %arg.pattern.0, ptr readnone %arg.pattern.1, i64 %arg.pattern.2, i64 %arg.pattern.3, ptr readonly %arg.pattern.4, i64 %arg.pattern.5.0, i64 %arg.pattern.5.1, i64 %arg.pattern.6.0, i64 %arg.pattern.6.1, ptr %arg.walls.0, ptr readnone %arg.walls.1, i64 %arg.walls.2, i64 %arg.walls.3, ptr readonly %arg.walls.4, i64 %arg.walls.5.0, i64 %arg.walls.5.1, i64 %arg.walls.6.0, i64 %arg.walls.6.1, ptr %arg.ground.0, ptr readnone %arg.ground.1, i64 %arg.ground.2, i64 %arg.ground.3, ptr readonly %arg.ground.4, i64 %arg.ground.5.0, i64 %arg.ground.6.0, ptr %arg.into.0, ptr readnone %arg.into.1, i64 %arg.into.2, i64 %arg.into.3, ptr %arg.into.4, i64 %arg.into.5.0, i64 %arg.into.5.1, i64 %arg.into.5.2, i64 %arg.into.6.0, i64 %arg.into.6.1, i64 %arg.into.6.2, ptr %arg.ledger.0, ptr readnone %arg.ledger.1, i64 %arg.ledger.2, i64 %arg.ledger.3, ptr %arg.ledger.4, i64 %arg.ledger.5.0, i64 %arg.ledger.5.1, i64 %arg.ledger.6.0, i64 %arg.ledger.6.1) local_unnamed_addr {
B0.else.if:
  %.271 = add nsw i64 %arg.into.5.0, -6
  %.290 = sdiv i64 %.271, 3
  %.291 = srem i64 %.271, 3
  %.291.lobit = ashr i64 %.291, 63
  %.279.1 = add nsw i64 %.291.lobit, %.290
  %.375 = fsub nsz contract double %arg.receiver_m, %arg.tz
  %.379 = tail call nsz contract double @llvm.fabs.f64(double %.375)
  %.380 = fcmp nsz contract olt double %.379, 1.000000e-03
  %rise.2.0 = select i1 %.380, double -1.000000e-03, double %.375
  %.409 = mul nsw i64 %arg.bent, %arg.sources.5.0
  %.411 = add nsw i64 %.409, %arg.azimuths
  %.4944246.not = icmp slt i64 %.411, 1
  br i1 %.4944246.not, label %common.ret, label %B270.lr.ph

B270.lr.ph:                                       ; preds = %B0.else.if
  %const = bitcast i64 -9223372036854775808 to i64
  %.387 = fadd nsz contract double %arg.tz, %arg.receiver_m
  %.9112635 = sitofp i64 %arg.bent to double
  %.9072619 = uitofp nneg i64 %arg.bent to double
  %.9082620 = fadd nsz contract double %.9072619, 5.000000e-01
  %.9092621 = fmul nsz contract double %.9082620, 0x401921FB54442D18
  %.1332 = sitofp i64 %arg.pattern.5.0 to double
  %.1395 = sitofp i64 %arg.azimuths to double
  %.701 = fcmp nsz contract olt double %rise.2.0, 0.000000e+00
  %"$phi432.4.2.1" = select i1 %.701, double 0xBE7AD7F29ABCAF48, double 1.000000e+04
  %.idx2680 = shl i64 %arg.stack.5.1, 12
  %0 = getelementptr i8, ptr %arg.stack.4, i64 %.idx2680
  %.2821 = sitofp i64 %.279.1 to double
  %invariant.gep3125 = getelementptr double, ptr %arg.walls.4, i64 %arg.ground.5.0
  %.3876 = fneg nsz contract double %.387
  %.3935 = add nsw i64 %arg.ground.5.0, -1
  %.3936 = sitofp i64 %.3935 to double
  %.4312 = mul nsw i64 %.279.1, 3
  %.4452 = add nsw i64 %.4312, 4
  %.4525 = mul i64 %arg.into.5.2, %arg.into.5.1
  %.4903 = shl nsw i64 %.279.1, 1
  %.7794 = add nsw i64 %arg.walls.5.0, -1
  %.7795 = sitofp i64 %.7794 to double
  %.7854 = icmp slt i64 %arg.ground.5.0, 0
  %.7855 = select i1 %.7854, i64 %arg.walls.5.1, i64 0
  %invariant.gep3359 = getelementptr double, ptr %invariant.gep3125, i64 %.7855
  %.4039 = fmul nsz contract double %rise.2.0, %rise.2.0
  %.4039.1 = fmul nsz contract double %.387, %.387
  %1 = add nuw nsw i64 %.idx2680, 88
  %scevgep = getelementptr i8, ptr %arg.stack.4, i64 %1
  %scevgep1201 = getelementptr i8, ptr %arg.stack.4, i64 88
  %2 = shl i64 %arg.stack.5.1, 3
  %3 = add nuw nsw i64 %.idx2680, 72
  %scevgep1206 = getelementptr i8, ptr %arg.stack.4, i64 %3
  %scevgep1208 = getelementptr i8, ptr %arg.stack.4, i64 72
  %4 = shl i64 %arg.stack.5.1, 3
  %5 = add nuw nsw i64 %.idx2680, 96
  %scevgep1211 = getelementptr i8, ptr %arg.stack.4, i64 %5
  %scevgep1219 = getelementptr i8, ptr %arg.stack.4, i64 96
  %6 = shl i64 %arg.stack.5.1, 3
  %7 = add nuw nsw i64 %.idx2680, 80
  %scevgep1228 = getelementptr i8, ptr %arg.stack.4, i64 %7
  %8 = add nuw nsw i64 %.idx2680, 80
  %scevgep1232 = getelementptr i8, ptr %arg.stack.4, i64 %8
  %scevgep1238 = getelementptr i8, ptr %arg.stack.4, i64 88
  %9 = shl i64 %arg.stack.5.1, 3
  %10 = add nuw nsw i64 %.idx2680, 88
  %scevgep1243 = getelementptr i8, ptr %arg.stack.4, i64 %10
  %scevgep1247 = getelementptr i8, ptr %arg.stack.4, i64 72
  %11 = shl i64 %arg.stack.5.1, 3
  %12 = add nuw nsw i64 %.idx2680, 72
  %scevgep1250 = getelementptr i8, ptr %arg.stack.4, i64 %12
  %scevgep1254 = getelementptr i8, ptr %arg.stack.4, i64 96
  %13 = shl i64 %arg.stack.5.1, 3
  %14 = add nuw nsw i64 %.idx2680, 96
  %scevgep1263 = getelementptr i8, ptr %arg.stack.4, i64 %14
  br label %B270

B268.loopexit:                                    ; preds = %B5872
  %exitcond5965.not = icmp eq i64 %.507, %.411
  br i1 %exitcond5965.not, label %common.ret, label %B270

B270:                                             ; preds = %B268.loopexit, %B270.lr.ph
  %.50039044257 = phi i64 [ 0, %B270.lr.ph ], [ %.507, %B268.loopexit ]
  %.507 = add nuw nsw i64 %.50039044257, 1
  %.537.not = icmp slt i64 %.50039044257, %arg.azimuths
  br i1 %.537.not, label %B316, label %B284

B284:                                             ; preds = %B270
  %15 = icmp eq i64 %arg.bent, 0
  br i1 %15, label %B448.thread, label %B284.else.if

B448.thread:                                      ; preds = %B284
  %sunkaddr = getelementptr i8, ptr %arg.sources.4, i64 40
  %.8605970 = load double, ptr %sunkaddr, align 8
  br label %B448.endif.endif.endif.endif

B316:                                             ; preds = %99, %B270
  %16 = icmp ne i64 %arg.azimuths, -1
  %17 = icmp ne i64 %arg.azimuths, 0
  %.602 = uitofp nneg i64 %.50039044257 to double
  %.603 = fadd nsz contract double %.602, 5.000000e-01
  %.604 = fmul nsz contract double %.603, 0x401921FB54442D18
  %.610 = fdiv nsz contract double %.604, %.1395
  %.652 = mul nsw i64 %.50039044257, %arg.pattern.5.0
  %.669 = icmp ne i64 %.652, %const
  %.671.not = or i1 %16, %.669
  %or.cond4273 = select i1 %17, i1 %.671.not, i1 false
  br i1 %or.cond4273, label %B316.endif.else.if, label %B862

B862:                                             ; preds = %B448.endif.endif.endif.endif.endif, %115, %B316
  %angle.3.1 = phi double [ %.915, %B448.endif.endif.endif.endif.endif ], [ %.610, %115 ], [ %.610, %B316 ]
  %since.2.1 = phi double [ %.1082, %B448.endif.endif.endif.endif.endif ], [ 0.000000e+00, %115 ], [ 0.000000e+00, %B316 ]
  %bend.2.1 = phi double [ %.1310, %B448.endif.endif.endif.endif.endif ], [ 0.000000e+00, %115 ], [ 0.000000e+00, %B316 ]
  %wide.2.1 = phi double [ %.1400, %B448.endif.endif.endif.endif.endif ], [ 1.000000e+00, %115 ], [ 1.000000e+00, %B316 ]
  %book.2.1 = phi i64 [ %arg.ledger.5.1, %B448.endif.endif.endif.endif.endif ], [ 0, %115 ], [ 0, %B316 ]
  %seen.2.1 = phi i64 [ %rem.4.0, %B448.endif.endif.endif.endif.endif ], [ %spec.select2672, %115 ], [ 0, %B316 ]
  %x.3.1 = phi double [ %.972, %B448.endif.endif.endif.endif.endif ], [ %arg.tx, %115 ], [ %arg.tx, %B316 ]
  %y.3.1 = phi double [ %.1027, %B448.endif.endif.endif.endif.endif ], [ %arg.ty, %115 ], [ %arg.ty, %B316 ]
  %low.5.1 = phi double [ %.1137, %B448.endif.endif.endif.endif.endif ], [ -1.000000e+04, %115 ], [ -1.000000e+04, %B316 ]
  %high.3.1 = phi double [ %.1192, %B448.endif.endif.endif.endif.endif ], [ %"$phi432.4.2.1", %115 ], [ %"$phi432.4.2.1", %B316 ]
  %seen.2.1.fr = freeze i64 %seen.2.1
  store double %x.3.1, ptr %arg.stack.4, align 8
  %sunkaddr1273 = getelementptr i8, ptr %arg.stack.4, i64 8
  store double %y.3.1, ptr %sunkaddr1273, align 8
  %sunkaddr1274 = getelementptr i8, ptr %arg.stack.4, i64 16
  store double %angle.3.1, ptr %sunkaddr1274, align 8
  %sunkaddr1275 = getelementptr i8, ptr %arg.stack.4, i64 24
  store double %since.2.1, ptr %sunkaddr1275, align 8
  %sunkaddr1276 = getelementptr i8, ptr %arg.stack.4, i64 32
  store double %low.5.1, ptr %sunkaddr1276, align 8
  %sunkaddr1277 = getelementptr i8, ptr %arg.stack.4, i64 40
  store double %high.3.1, ptr %sunkaddr1277, align 8
  %sunkaddr1278 = getelementptr i8, ptr %arg.stack.4, i64 48
  store double 1.000000e+00, ptr %sunkaddr1278, align 8
  %sunkaddr1279 = getelementptr i8, ptr %arg.stack.4, i64 56
  store double 0.000000e+00, ptr %sunkaddr1279, align 8
  %sunkaddr1280 = getelementptr i8, ptr %arg.stack.4, i64 64
  store double -1.000000e+00, ptr %sunkaddr1280, align 8
  %.3992 = icmp slt i64 %seen.2.1.fr, 0
  %spec.select6423 = select i1 %.3992, i64 %arg.pattern.5.0, i64 0
  %.3994 = add i64 %spec.select6423, %seen.2.1.fr
  %.4014 = mul i64 %.3994, %arg.pattern.5.1
  %18 = getelementptr double, ptr %arg.pattern.4, i64 %.4014
  br label %B982.endif.endif

B1240:                                            ; preds = %B1240.preheader1197, %B1240
  %.264030723074 = phi i64 [ %.2647.3, %B1240 ], [ %.264030723074.unr, %B1240.preheader1197 ]
  %19 = shl i64 %.264030723074, 3
  %scevgep1226 = getelementptr i8, ptr %scevgep1220, i64 %19
  %scevgep1227 = getelementptr i8, ptr %scevgep1226, i64 -24
  %.2725 = load double, ptr %scevgep1227, align 8
  %20 = shl i64 %.264030723074, 3
  %scevgep1217 = getelementptr i8, ptr %scevgep1211, i64 %20
  %scevgep1218 = getelementptr i8, ptr %scevgep1217, i64 -24
  store double %.2725, ptr %scevgep1218, align 8
  %scevgep1224 = getelementptr i8, ptr %scevgep1220, i64 %20
  %scevgep1225 = getelementptr i8, ptr %scevgep1224, i64 -16
  %.2725.1 = load double, ptr %scevgep1225, align 8
  %21 = shl i64 %.264030723074, 3
  %scevgep1215 = getelementptr i8, ptr %scevgep1211, i64 %21
  %scevgep1216 = getelementptr i8, ptr %scevgep1215, i64 -16
  store double %.2725.1, ptr %scevgep1216, align 8
  %scevgep1222 = getelementptr i8, ptr %scevgep1220, i64 %21
  %scevgep1223 = getelementptr i8, ptr %scevgep1222, i64 -8
  %.2725.2 = load double, ptr %scevgep1223, align 8
  %22 = shl i64 %.264030723074, 3
  %scevgep1213 = getelementptr i8, ptr %scevgep1211, i64 %22
  %scevgep1214 = getelementptr i8, ptr %scevgep1213, i64 -8
  store double %.2725.2, ptr %scevgep1214, align 8
  %.2647.3 = add nuw nsw i64 %.264030723074, 4
  %23 = shl i64 %.264030723074, 3
  %scevgep1221 = getelementptr i8, ptr %scevgep1220, i64 %23
  %.2725.3 = load double, ptr %scevgep1221, align 8
  %24 = shl i64 %.264030723074, 3
  %scevgep1212 = getelementptr i8, ptr %scevgep1211, i64 %24
  store double %.2725.3, ptr %scevgep1212, align 8
  %exitcond.not.3 = icmp eq i64 %.5.i, %.2647.3
  br i1 %exitcond.not.3, label %B1296.endif, label %B1240

B1710:                                            ; preds = %B1566.endif.endif.endif.endif
  %.2982 = add nsw i64 %.2795, 1
  %.2984 = sitofp i64 %.2982 to double
  %.2985 = fsub nsz contract double %.2984, %.2038
  br label %B1734

B1726:                                            ; preds = %B1566.endif.endif.endif.endif
  %.2992 = sitofp i64 %.2795 to double
  %.2993 = fsub nsz contract double %.2038, %.2992
  br label %B1734

B1734:                                            ; preds = %B1726, %B1710
  %"$phi1734.1.2.2" = phi double [ %.2985, %B1710 ], [ %.2993, %B1726 ]
  %25 = fcmp ule double %.2805, 0.000000e+00
  %.2999 = fmul nsz contract double %.2936, %"$phi1734.1.2.2"
  br i1 %25, label %B1770, label %B1754

B1754:                                            ; preds = %B1734
  %.3010 = add nsw i64 %.2792, 1
  %.3012 = sitofp i64 %.3010 to double
  %.3013 = fsub nsz contract double %.3012, %.2093
  br label %B1778

B1770:                                            ; preds = %B1734
  %.3020 = sitofp i64 %.2792 to double
  %.3021 = fsub nsz contract double %.2093, %.3020
  br label %B1778

B1778:                                            ; preds = %B1770, %B1754
  %"$phi1778.1.2.2" = phi double [ %.3013, %B1754 ], [ %.3021, %B1770 ]
  %.3027 = fmul nsz contract double %.2970, %"$phi1778.1.2.2"
  %.3037 = icmp sgt i64 %.2792, -1
  %.3055 = icmp sgt i64 %arg.height.5.0, %.2792
  %or.cond = select i1 %.3037, i1 %.3055, i1 false
  %.3091 = icmp sgt i64 %.2795, -1
  %or.cond2681 = select i1 %or.cond, i1 %.3091, i1 false
  %.3104 = icmp sgt i64 %arg.height.5.1, %.2795
  %or.cond2687 = select i1 %or.cond2681, i1 %.3104, i1 false
  br i1 %or.cond2687, label %B1862, label %B1962.preheader

B1862:                                            ; preds = %B1778
  %26 = icmp sgt i64 %.5.i, 0
  %.3240 = mul i64 %arg.height.5.1, %.2792
  %27 = getelementptr float, ptr %arg.height.4, i64 %.3240
  %.3244 = getelementptr float, ptr %27, i64 %.2795
  %.3245 = load float, ptr %.3244, align 4
  %.3250 = fcmp nsz contract ule float %.3245, 0.000000e+00
  %brmerge6424 = or i1 %26, %.3250
  %.mux = select i1 %.3250, i64 0, i64 24
  br i1 %brmerge6424, label %B1962.preheader, label %B1918

B1918:                                            ; preds = %B1862
  %.3248 = fpext float %.3245 to double
  %.3346 = fcmp nsz contract oeq double %.2203, 0.000000e+00
  %.3435 = fcmp nsz contract ole double %arg.tz, %.3248
  %or.cond2652 = select i1 %.3346, i1 %.3435, i1 false
  %spec.select2675 = select i1 %or.cond2652, i64 10000, i64 0
  br label %B1962.preheader

B1962.preheader:                                  ; preds = %B1918, %B1862, %B1778
  %ghost.6.2.ph = phi i64 [ %spec.select2675, %B1918 ], [ 0, %B1778 ], [ %.mux, %B1862 ]
  %28 = fcmp ule double %.2805, 0.000000e+00
  %29 = fcmp ule double %.2803, 0.000000e+00
  %30 = icmp sgt i64 %.5.i, 0
  %31 = fcmp ogt double %since.2.1, 0.000000e+00
  %invariant.gep3126 = getelementptr double, ptr %arg.stack.4, i64 %.5.i
  %spec.select = select i1 %30, i64 2, i64 0
  %.4314 = add nsw i64 %spec.select, %.4312
  %.4641 = icmp slt i64 %rem.5.0, 0
  %.4642 = select i1 %.4641, i64 %arg.into.5.0, i64 0
  %.4643 = add i64 %.4642, %rem.5.0
  %.4673 = mul i64 %.4643, %.4525
  %32 = getelementptr double, ptr %arg.into.4, i64 %.4673
  %.4754 = add nsw i64 %rem.5.0, %.279.1
  %.4789 = icmp slt i64 %.4754, 0
  %.4790 = select i1 %.4789, i64 %arg.into.5.0, i64 0
  %.4791 = add i64 %.4790, %.4754
  %.4821 = mul i64 %.4791, %.4525
  %33 = getelementptr double, ptr %arg.into.4, i64 %.4821
  %.4905 = add nsw i64 %rem.5.0, %.4903
  %.4940 = icmp slt i64 %.4905, 0
  %.4941 = select i1 %.4940, i64 %arg.into.5.0, i64 0
  %.4942 = add i64 %.4941, %.4905
  %.4972 = mul i64 %.4942, %.4525
  %34 = getelementptr double, ptr %arg.into.4, i64 %.4972
  %spec.select2665 = zext i1 %29 to i64
  %spec.select2666 = select i1 %28, i64 3, i64 2
  %.7450 = sitofp i64 %"$phi1566.1.2.2" to double
  %.7451 = fneg nsz contract double %.7450
  %.7468 = sitofp i64 %"$phi1566.2.2.2" to double
  %.7469 = fneg nsz contract double %.7468
  %.7891 = icmp sle i64 %arg.most, %.5.i
  %or.cond2670 = select i1 %31, i1 true, i1 %.7891
  %.8845 = sitofp i64 %.5.i to double
  %.8846 = fadd nsz contract double %.8845, 1.000000e+00
  %.9225 = icmp slt i64 %.5.i, -9
  %.9226 = select i1 %.9225, i64 %arg.stack.5.1, i64 0
  %.5803 = fcmp nsz contract uge double %.2803, 0.000000e+00
  %.4334.1 = add nsw i64 %.4314, 1
  %or.cond2683.not452 = xor i1 %.5803, true
  %35 = add i64 %.5.i, -1
  %const_mat1272 = add i64 %const, -2
  %unroll_iter = and i64 %.5.i, %const_mat1272
  %const_mat = add i64 %const, -4
  %n.vec = and i64 %.5.i, %const_mat
  %xtraiter1085 = and i64 %.5.i, 3
  br label %B1962.outer

B1962.outer:                                      ; preds = %B4518, %B4018, %B3832, %B3706, %B1962.preheader
  %low.7.2.ph = phi double [ %.2294, %B1962.preheader ], [ %low.8.4, %B4518 ], [ %low.8.4, %B3706 ], [ %low.8.4, %B4018 ], [ %low.8.4, %B3832 ]
  %waiting.6.2.ph = phi i64 [ %.1974, %B1962.preheader ], [ %waiting.5.3, %B4518 ], [ %waiting.5.3, %B3706 ], [ %waiting.5.3, %B4018 ], [ %waiting.5.3, %B3832 ]
  %col.3.2.ph = phi i64 [ %.2795, %B1962.preheader ], [ %col.4.5, %B4518 ], [ %col.4.5, %B3706 ], [ %col.4.5, %B4018 ], [ %col.4.5, %B3832 ]
  %row.3.2.ph = phi i64 [ %.2792, %B1962.preheader ], [ %row.4.5, %B4518 ], [ %row.4.5, %B3706 ], [ %row.4.5, %B4018 ], [ %row.4.5, %B3832 ]
  %to_col.3.2.ph = phi double [ %.2999, %B1962.preheader ], [ %to_col.4.5, %B4518 ], [ %to_col.4.5, %B3706 ], [ %to_col.4.5, %B4018 ], [ %to_col.4.5, %B3832 ]
  %to_row.3.2.ph = phi double [ %.3027, %B1962.preheader ], [ %to_row.4.5, %B4518 ], [ %to_row.4.5, %B3706 ], [ %to_row.4.5, %B4018 ], [ %to_row.4.5, %B3832 ]
  %gone.3.2.ph = phi double [ 0.000000e+00, %B1962.preheader ], [ %.13.i, %B4518 ], [ %.13.i, %B3706 ], [ %.13.i, %B4018 ], [ %.13.i, %B3832 ]
  %inside.3.2.ph = phi i1 [ %or.cond2687, %B1962.preheader ], [ true, %B4518 ], [ false, %B3706 ], [ true, %B4018 ], [ true, %B3832 ]
  %ghost.6.2.ph953 = phi i64 [ %ghost.6.2.ph, %B1962.preheader ], [ %.7439, %B4518 ], [ %ghost.6.2, %B3706 ], [ 0, %B4018 ], [ 0, %B3832 ]
  br label %B1962

B1962:                                            ; preds = %B3884, %B1962.outer
  %low.7.2 = phi double [ %low.8.4, %B3884 ], [ %low.7.2.ph, %B1962.outer ]
  %col.3.2 = phi i64 [ %col.4.5, %B3884 ], [ %col.3.2.ph, %B1962.outer ]
  %row.3.2 = phi i64 [ %row.4.5, %B3884 ], [ %row.3.2.ph, %B1962.outer ]
  %to_col.3.2 = phi double [ %to_col.4.5, %B3884 ], [ %to_col.3.2.ph, %B1962.outer ]
  %to_row.3.2 = phi double [ %to_row.4.5, %B3884 ], [ %to_row.3.2.ph, %B1962.outer ]
  %gone.3.2 = phi double [ %.13.i, %B3884 ], [ %gone.3.2.ph, %B1962.outer ]
  %inside.3.2 = phi i1 [ true, %B3884 ], [ %inside.3.2.ph, %B1962.outer ]
  %ghost.6.2 = phi i64 [ %.6212, %B3884 ], [ %ghost.6.2.ph953, %B1962.outer ]
  br label %B1964.endif

B2018:                                            ; preds = %B1964.endif
  %.3598 = sub nsw i64 %row.2.3, %arg.first_row
  %.3601 = sub nsw i64 %col.2.3, %arg.first_col
  %.3628 = icmp slt i64 %row.2.3, 0
  %.3629 = select i1 %.3628, i64 %arg.height.5.0, i64 0
  %.3630 = add i64 %.3629, %row.2.3
  %.3631 = icmp slt i64 %col.2.3, 0
  %.3632 = select i1 %.3631, i64 %arg.height.5.1, i64 0
  %.3650 = mul i64 %.3630, %arg.height.5.1
  %36 = getelementptr float, ptr %arg.height.4, i64 %.3650
  %37 = getelementptr float, ptr %36, i64 %col.2.3
  %.3654 = getelementptr float, ptr %37, i64 %.3632
  %.3655 = load float, ptr %.3654, align 4
  %.3668 = fpext float %.3655 to double
  %.3670 = fcmp nsz contract ugt float %.3655, 0.000000e+00
  br i1 %.3670, label %B3000, label %B2072

B2072:                                            ; preds = %B2018
  %.3673 = icmp sgt i64 %.3598, -1
  %.3681 = icmp slt i64 %.3598, %arg.into.5.1
  %or.cond2653 = select i1 %.3673, i1 %.3681, i1 false
  br i1 %or.cond2653, label %B2108, label %B3000

B2108:                                            ; preds = %B2072
  %.3696 = icmp sgt i64 %.3601, -1
  %.3704 = icmp slt i64 %.3601, %arg.into.5.2
  %or.cond2654 = select i1 %.3696, i1 %.3704, i1 false
  %.3720 = fcmp nsz contract ogt double %.13.i, %gone.2.3
  %or.cond2655 = select i1 %or.cond2654, i1 %.3720, i1 false
  br i1 %or.cond2655, label %B2158.endif.endif, label %B3000

B2674.loopexit.unr-lcssa:                         ; preds = %B2522.endif
  %38 = and i64 %.5.i, 1
  %39 = icmp eq i64 %38, 0
  br i1 %39, label %B2674, label %B2522.endif.epil.preheader

B2522.endif.epil.preheader:                       ; preds = %B2522.lr.ph, %B2674.loopexit.unr-lcssa
  %power.4.83082.epil.init = phi double [ %.4046, %B2522.lr.ph ], [ %.4303.11077, %B2674.loopexit.unr-lcssa ]
  %.413630783080.epil.init = phi i64 [ 0, %B2522.lr.ph ], [ %.4143.11070, %B2674.loopexit.unr-lcssa ]
  %40 = getelementptr double, ptr %0, i64 %.413630783080.epil.init
  %41 = getelementptr i8, ptr %40, i64 72
  %.4222.epil = load double, ptr %41, align 8
  %.5.i462.epil = fptosi double %.4222.epil to i64
  %.4272.epil = icmp slt i64 %.5.i462.epil, 0
  %.4273.epil = select i1 %.4272.epil, i64 %arg.walls.5.0, i64 0
  %.4274.epil = add i64 %.4273.epil, %.5.i462.epil
  %.4294.epil = mul i64 %.4274.epil, %arg.walls.5.1
  %gep3087.epil = getelementptr double, ptr %invariant.gep3086, i64 %.4294.epil
  %.4299.epil = load double, ptr %gep3087.epil, align 8
  %.4303.epil = fmul nsz contract double %power.4.83082.epil.init, %.4299.epil
  br label %B2674

B2674:                                            ; preds = %B2294.endif.endif, %B2522.endif.epil.preheader, %B2674.loopexit.unr-lcssa
  %power.4.8.lcssa = phi double [ %.4046, %B2294.endif.endif ], [ %.4303.11077, %B2674.loopexit.unr-lcssa ], [ %.4303.epil, %B2522.endif.epil.preheader ]
  %42 = fcmp ogt double %since.2.1, 0.000000e+00
  br i1 %42, label %B2686, label %B2814

B2686:                                            ; preds = %B2674
  %.4414 = tail call nsz contract double @sqrt(double %.4413)
  %.4416 = fmul nsz contract double %bend.2.1, %.4414
  %.8.i = fcmp nsz contract ugt double %.4416, -7.800000e-01
  br i1 %.8.i, label %B20.i, label %B2686.endif.endif

B20.i:                                            ; preds = %B2686
  %.15.i = fadd nsz contract double %.4416, -1.000000e-01
  %.147.i.i = fmul nsz contract double %.15.i, %.15.i
  %.42.i = fadd nsz contract double %.147.i.i, 1.000000e+00
  %sqrt.i = tail call nsz contract double @llvm.sqrt.f64(double %.42.i)
  %.45.i = fadd nsz contract double %.4416, %sqrt.i
  %.48.i = fadd nsz contract double %.45.i, -1.000000e-01
  %.49.i = tail call nsz contract double @llvm.log10.f64(double %.48.i)
  %.50.i = fmul nsz contract double %.49.i, 2.000000e+01
  %.51.i = fadd nsz contract double %.50.i, 6.900000e+00
  %43 = fmul nsz contract double %.51.i, -1.000000e-01
  %44 = tail call nsz contract double @llvm.pow.f64(double 1.000000e+01, double %43)
  br label %B2686.endif.endif

B2814:                                            ; preds = %B2686.endif.endif, %B2674
  %power.6.8 = phi double [ %.4445, %B2686.endif.endif ], [ %power.4.8.lcssa, %B2674 ]
  %kind.2.8 = phi i64 [ %.4452, %B2686.endif.endif ], [ %.4314, %B2674 ]
  %.4495 = icmp slt i64 %kind.2.8, 0
  %.4496 = select i1 %.4495, i64 %arg.into.5.0, i64 0
  %.4497 = add i64 %.4496, %kind.2.8
  %.4527 = mul i64 %.4497, %.4525
  %gep3113 = getelementptr double, ptr %invariant.gep3112, i64 %.4527
  %.4534 = load double, ptr %gep3113, align 8
  %.4536 = fadd nsz contract double %power.6.8, %.4534
  store double %.4536, ptr %gep3113, align 8
  %sunkaddr1281 = mul i64 %.3601, 8
  %sunkaddr1282 = getelementptr inbounds i8, ptr %164, i64 %sunkaddr1281
  %.4680 = load double, ptr %sunkaddr1282, align 8
  %.4682 = fadd nsz contract double %power.6.8, %.4680
  store double %.4682, ptr %sunkaddr1282, align 8
  %sunkaddr1283 = mul i64 %.3601, 8
  %sunkaddr1284 = getelementptr inbounds i8, ptr %165, i64 %sunkaddr1283
  %.4828 = load double, ptr %sunkaddr1284, align 8
  %.4831 = fmul nsz contract double %.2803, %power.6.8
  %.4832 = fsub nsz contract double %.4828, %.4831
  store double %.4832, ptr %sunkaddr1284, align 8
  %sunkaddr1285 = mul i64 %.3601, 8
  %sunkaddr1286 = getelementptr inbounds i8, ptr %166, i64 %sunkaddr1285
  %.4979 = load double, ptr %sunkaddr1286, align 8
  %.4982 = fmul nsz contract double %.2805, %power.6.8
  %.4985 = fadd nsz contract double %.4982, %.4979
  store double %.4985, ptr %sunkaddr1286, align 8
  br label %B5892

B3000:                                            ; preds = %B2814.1, %B5892, %B2108, %B2072, %B2018
  %45 = icmp eq i64 %ghost.6.2, 0
  %.5081 = fcmp nsz contract ogt float %.3655, 0.000000e+00
  %or.cond2657 = select i1 %.5081, i1 %45, i1 false
  br i1 %or.cond2657, label %B3024, label %B3204

B3024:                                            ; preds = %B3000
  %.5095 = fsub nsz contract double %.3668, %arg.tz
  %.5102 = fdiv nsz contract double %.5095, %.3588
  %.5108 = fcmp nsz contract ogt double %.5102, %low.6.3
  br i1 %.5108, label %B3052.endif.endif.endif, label %B3204

B3204:                                            ; preds = %B3052.endif.endif.endif, %B1964.endif, %B3024, %B3000
  %low.8.4 = phi double [ %.5102, %B3052.endif.endif.endif ], [ %low.6.3, %B3024 ], [ %low.6.3, %B1964.endif ], [ %low.6.3, %B3000 ]
  %46 = fcmp olt double %rise.2.0, 0.000000e+00
  %.5380 = fdiv nsz contract double %rise.2.0, %.3588
  br i1 %46, label %B3216.endif, label %B3236.endif

B3254:                                            ; preds = %B3236.endif, %B3216.endif
  %.5400 = fdiv nsz contract double %.3876, %.3588
  %.5402 = fcmp nsz contract ogt double %.5400, %.2349
  br i1 %.5402, label %B3274.endif.endif, label %B3382

B3382:                                            ; preds = %B3236.endif, %B3216.endif, %B3254
  %.5629 = fcmp nsz contract ole double %to_col.2.3, %to_row.2.3
  br i1 %.5629, label %B3406, label %B3428

B3406:                                            ; preds = %B3382
  %.5649 = fadd nsz contract double %.2936, %to_col.2.3
  %.5657 = add nsw i64 %col.2.3, %"$phi1566.1.2.2"
  br label %B3448

B3428:                                            ; preds = %B3382
  %.5676 = fadd nsz contract double %.2970, %to_row.2.3
  %.5683 = add nsw i64 %row.2.3, %"$phi1566.2.2.2"
  br label %B3448

B3448:                                            ; preds = %B3428, %B3406
  %row.4.5 = phi i64 [ %row.2.3, %B3406 ], [ %.5683, %B3428 ]
  %to_row.4.5 = phi double [ %to_row.2.3, %B3406 ], [ %.5676, %B3428 ]
  %to_col.4.5 = phi double [ %.5649, %B3406 ], [ %to_col.2.3, %B3428 ]
  %col.4.5 = phi i64 [ %.5657, %B3406 ], [ %col.2.3, %B3428 ]
  %.5690 = icmp sgt i64 %row.4.5, -1
  %.5708 = icmp slt i64 %row.4.5, %arg.height.5.0
  %or.cond2658 = select i1 %.5690, i1 %.5708, i1 false
  br i1 %or.cond2658, label %B3480, label %B3516

B3480:                                            ; preds = %B3448
  %47 = icmp sgt i64 %col.4.5, -1
  br i1 %47, label %B3510, label %B3528

B3510:                                            ; preds = %B3480
  %.5757 = icmp slt i64 %col.4.5, %arg.height.5.1
  br i1 %.5757, label %B3832, label %B3636

B3516:                                            ; preds = %B3448
  %48 = fcmp ule double %.2803, 0.000000e+00
  %49 = icmp sgt i64 %col.4.5, -1
  %brmerge2682 = or i1 %48, %49
  %not..5786 = xor i1 %49, true
  br i1 %brmerge2682, label %B3540, label %B3624

B3528:                                            ; preds = %B3480
  %50 = fcmp ule double %.2803, 0.000000e+00
  br i1 %50, label %B3540, label %B3624

B3540:                                            ; preds = %B3528, %B3516
  %.5690676 = phi i1 [ %.5690, %B3516 ], [ true, %B3528 ]
  %.5708670 = phi i1 [ %.5708, %B3516 ], [ true, %B3528 ]
  %.57862560 = phi i1 [ %not..5786, %B3516 ], [ true, %B3528 ]
  %51 = fcmp ule double %.2805, 0.000000e+00
  %52 = fcmp olt double %.2805, 0.000000e+00
  %53 = fcmp uge double %.2803, 0.000000e+00
  %.5799 = icmp slt i64 %col.4.5, %arg.height.5.1
  %or.cond2659.not4276 = select i1 %.5799, i1 true, i1 %53
  %brmerge = select i1 %.5690676, i1 true, i1 %51
  %or.cond2683 = select i1 %or.cond2659.not4276, i1 %brmerge, i1 false
  %or.cond2683.not = xor i1 %or.cond2683, true
  %brmerge6425 = select i1 %or.cond2683.not, i1 true, i1 %.5708670
  %or.cond2683.not..5826 = select i1 %brmerge6425, i1 %or.cond2683.not, i1 %52
  br i1 %.57862560, label %B3624, label %B3636

B3624:                                            ; preds = %B3540, %B3528, %B3516
  %"$phi3610.1.5.52586" = phi i1 [ %or.cond2683.not..5826, %B3540 ], [ true, %B3516 ], [ true, %B3528 ]
  %54 = fcmp ugt double %.2803, 0.000000e+00
  br i1 %54, label %B3636, label %B3720.endif.endif

B3636:                                            ; preds = %B3624, %B3540, %B3510
  %"$phi3610.1.5.52585" = phi i1 [ %"$phi3610.1.5.52586", %B3624 ], [ %or.cond2683.not..5826, %B3540 ], [ %or.cond2683.not452, %B3510 ]
  %55 = fcmp ole double %.2805, 0.000000e+00
  %56 = fcmp oge double %.2803, 0.000000e+00
  %.5850 = icmp sge i64 %col.4.5, %arg.height.5.1
  %or.cond2660 = select i1 %.5850, i1 %56, i1 false
  %.5861 = icmp slt i64 %row.4.5, 0
  %or.cond2661 = select i1 %.5861, i1 %55, i1 false
  %or.cond4271 = select i1 %or.cond2660, i1 true, i1 %or.cond2661
  br i1 %or.cond4271, label %B3720.endif.endif, label %B3706

B3706:                                            ; preds = %B3636
  %57 = fcmp oge double %.2805, 0.000000e+00
  %.5871 = icmp sge i64 %row.4.5, %arg.height.5.0
  %spec.select2662 = select i1 %.5871, i1 %57, i1 false
  %brmerge2663 = select i1 %inside.2.3, i1 true, i1 %spec.select2662
  %"$phi3610.1.5.52584.not" = xor i1 %"$phi3610.1.5.52585", true
  %brmerge2664 = select i1 %brmerge2663, i1 true, i1 %"$phi3610.1.5.52584.not"
  br i1 %brmerge2664, label %B3720.endif.endif, label %B1962.outer

B3832:                                            ; preds = %B3510
  %.6171 = mul i64 %row.4.5, %arg.height.5.1
  %58 = getelementptr float, ptr %arg.height.4, i64 %.6171
  %.6175 = getelementptr float, ptr %58, i64 %col.4.5
  %.6176 = load float, ptr %.6175, align 4
  %.6183 = fpext float %.6176 to double
  %.6185 = fcmp nsz contract ugt float %.6176, 0.000000e+00
  br i1 %.6185, label %B3872, label %B1962.outer

B3872:                                            ; preds = %B3832
  %59 = icmp sgt i64 %ghost.6.2, 0
  br i1 %59, label %B3884, label %B4018

B3884:                                            ; preds = %B3872
  %.6212 = add nsw i64 %ghost.6.2, -1
  %.6219 = icmp eq i64 %.6212, 0
  br i1 %.6219, label %B3906.endif.endif, label %B1962

B4018:                                            ; preds = %B3872
  %.6441 = fsub nsz contract double %.6183, %arg.tz
  %.6446 = fdiv nsz contract double %.6441, %.3588
  %.6452 = fcmp nsz contract ult double %low.8.4, %.6446
  br i1 %.6452, label %B4050, label %B1962.outer

B4050:                                            ; preds = %B4018
  %60 = fcmp ole double %to_col.2.3, %to_row.2.3
  %"$phi4092.1.4.6" = select i1 %60, i64 %spec.select2665, i64 %spec.select2666
  %.6583 = mul i64 %row.4.5, %arg.sides.5.1
  %reass.add2689 = add i64 %col.4.5, %.6583
  %reass.mul2690 = mul i64 %reass.add2689, %arg.sides.5.2
  %reass.add2688 = add i64 %reass.mul2690, %"$phi4092.1.4.6"
  %reass.mul = mul i64 %reass.add2688, %arg.sides.5.3
  %.6591 = getelementptr double, ptr %arg.sides.4, i64 %reass.mul
  %.6592 = load double, ptr %.6591, align 8
  %.6690 = getelementptr i8, ptr %.6591, i64 8
  %.6691 = load double, ptr %.6690, align 8
  %.6789 = getelementptr i8, ptr %.6591, i64 16
  %.6790 = load double, ptr %.6789, align 8
  %.6888 = getelementptr i8, ptr %.6591, i64 24
  %.6889 = load double, ptr %.6888, align 8
  %.6928 = fmul nsz contract double %.2803, %.6592
  %.6931 = fmul nsz contract double %.2805, %.6691
  %.6932 = fadd nsz contract double %.6928, %.6931
  %.6938 = fcmp nsz contract ult double %.6889, 0.000000e+00
  %.6945 = fcmp nsz contract une double %.6889, %.2547
  %"$phi4240.1.2.6.not" = select i1 %.6938, i1 true, i1 %.6945
  %.6956 = fcmp nsz contract olt double %.6932, 0xBEB0C6F7A0B5ED8D
  %or.cond2667 = select i1 %.6956, i1 %"$phi4240.1.2.6.not", i1 false
  br i1 %or.cond2667, label %B4634.endif.endif, label %B4264

B4264:                                            ; preds = %B4050
  %spec.select2668 = select i1 %"$phi4240.1.2.6.not", i64 3, i64 24
  %61 = add nuw nsw i64 %spec.select2668, 1
  br label %B4352

B4352:                                            ; preds = %B4476, %B4264
  %lsr.iv1236 = phi i64 [ %lsr.iv.next1237, %B4476 ], [ %61, %B4264 ]
  %a.2.7 = phi double [ %to_col.4.5, %B4264 ], [ %a.3.8, %B4476 ]
  %b.2.7 = phi double [ %to_row.4.5, %B4264 ], [ %b.3.8, %B4476 ]
  %i.2.7 = phi i64 [ %row.4.5, %B4264 ], [ %i.3.8, %B4476 ]
  %j.2.7 = phi i64 [ %col.4.5, %B4264 ], [ %j.3.8, %B4476 ]
  %lsr.iv.next1237 = add nsw i64 %lsr.iv1236, -1
  %exitcond5963.not = icmp eq i64 %lsr.iv.next1237, 0
  br i1 %exitcond5963.not, label %B4532, label %B4354

B4354:                                            ; preds = %B4352
  %.7170 = fcmp nsz contract ugt double %a.2.7, %b.2.7
  br i1 %.7170, label %B4390, label %B4368

B4368:                                            ; preds = %B4354
  %.7186 = fadd nsz contract double %.2936, %a.2.7
  %.7194 = add nsw i64 %j.2.7, %"$phi1566.1.2.2"
  br label %B4410

B4390:                                            ; preds = %B4354
  %.7213 = fadd nsz contract double %.2970, %b.2.7
  %.7220 = add nsw i64 %i.2.7, %"$phi1566.2.2.2"
  br label %B4410

B4410:                                            ; preds = %B4390, %B4368
  %b.3.8 = phi double [ %b.2.7, %B4368 ], [ %.7213, %B4390 ]
  %i.3.8 = phi i64 [ %i.2.7, %B4368 ], [ %.7220, %B4390 ]
  %a.3.8 = phi double [ %.7186, %B4368 ], [ %a.2.7, %B4390 ]
  %j.3.8 = phi i64 [ %.7194, %B4368 ], [ %j.2.7, %B4390 ]
  %.7227 = icmp sgt i64 %i.3.8, -1
  %.7235 = icmp slt i64 %i.3.8, %arg.height.5.0
  %or.cond2684 = select i1 %.7227, i1 %.7235, i1 false
  br i1 %or.cond2684, label %B4442, label %B4532

B4442:                                            ; preds = %B4410
  %.7254 = icmp sgt i64 %j.3.8, -1
  %.7262 = icmp slt i64 %j.3.8, %arg.height.5.1
  %or.cond2669 = select i1 %.7254, i1 %.7262, i1 false
  br i1 %or.cond2669, label %B4476, label %B4532

B4476:                                            ; preds = %B4442
  %.7354 = mul i64 %i.3.8, %arg.height.5.1
  %62 = getelementptr float, ptr %arg.height.4, i64 %.7354
  %.7358 = getelementptr float, ptr %62, i64 %j.3.8
  %.7359 = load float, ptr %.7358, align 4
  %.7364 = fcmp nsz contract ugt float %.7359, 0.000000e+00
  br i1 %.7364, label %B4352, label %B4518

B4518:                                            ; preds = %B4476
  %.7439 = add nuw nsw i64 %spec.select2668, 1
  br label %B1962.outer

B4532:                                            ; preds = %B4442, %B4410, %B4352
  %63 = fcmp ole double %to_col.2.3, %to_row.2.3
  %"$phi4608.1.2.62612" = select i1 %63, double %.7451, double 0.000000e+00
  %"$phi4608.2.2.6" = select i1 %63, double 0.000000e+00, double %.7469
  %.7484 = fmul nsz contract double %.2803, %"$phi4608.1.2.62612"
  %.7486 = fmul nsz contract double %.2805, %"$phi4608.2.2.6"
  %.7487 = fadd nsz contract double %.7484, %.7486
  br label %B4634.endif.endif

B5122:                                            ; preds = %B4870.endif
  %.8088 = add nsw i64 %waiting.5.3, 1
  %.8090 = icmp sgt i64 %waiting.5.3, 509
  br i1 %.8090, label %B5156.endif.endif, label %B5264

B5264:                                            ; preds = %B5122
  br i1 %or.cond2667, label %B5272.endif.endif.endif, label %B5446.endif

B5736:                                            ; preds = %B5736.preheader1196, %B5736
  %.904631193121 = phi i64 [ %.9053.3, %B5736 ], [ %.904631193121.unr, %B5736.preheader1196 ]
  %64 = shl i64 %.904631193121, 3
  %scevgep1269 = getelementptr i8, ptr %scevgep1263, i64 %64
  %scevgep1270 = getelementptr i8, ptr %scevgep1269, i64 -24
  %.9132 = load double, ptr %scevgep1270, align 8
  %65 = shl i64 %.904631193121, 3
  %scevgep1261 = getelementptr i8, ptr %scevgep1255, i64 %65
  %scevgep1262 = getelementptr i8, ptr %scevgep1261, i64 -24
  store double %.9132, ptr %scevgep1262, align 8
  %scevgep1267 = getelementptr i8, ptr %scevgep1263, i64 %65
  %scevgep1268 = getelementptr i8, ptr %scevgep1267, i64 -16
  %.9132.1 = load double, ptr %scevgep1268, align 8
  %66 = shl i64 %.904631193121, 3
  %scevgep1259 = getelementptr i8, ptr %scevgep1255, i64 %66
  %scevgep1260 = getelementptr i8, ptr %scevgep1259, i64 -16
  store double %.9132.1, ptr %scevgep1260, align 8
  %scevgep1265 = getelementptr i8, ptr %scevgep1263, i64 %66
  %scevgep1266 = getelementptr i8, ptr %scevgep1265, i64 -8
  %.9132.2 = load double, ptr %scevgep1266, align 8
  %67 = shl i64 %.904631193121, 3
  %scevgep1257 = getelementptr i8, ptr %scevgep1255, i64 %67
  %scevgep1258 = getelementptr i8, ptr %scevgep1257, i64 -8
  store double %.9132.2, ptr %scevgep1258, align 8
  %.9053.3 = add nuw nsw i64 %.904631193121, 4
  %68 = shl i64 %.904631193121, 3
  %scevgep1264 = getelementptr i8, ptr %scevgep1263, i64 %68
  %.9132.3 = load double, ptr %scevgep1264, align 8
  %69 = shl i64 %.904631193121, 3
  %scevgep1256 = getelementptr i8, ptr %scevgep1255, i64 %69
  store double %.9132.3, ptr %scevgep1256, align 8
  %exitcond5964.not.3 = icmp eq i64 %.5.i, %.9053.3
  br i1 %exitcond5964.not.3, label %B5792, label %B5736

B5792:                                            ; preds = %B5736.prol.loopexit, %middle.block, %B5446.endif, %B5736
  %gep3127 = getelementptr double, ptr %invariant.gep3126, i64 %.8462
  %70 = getelementptr i8, ptr %gep3127, i64 72
  %.9248 = getelementptr double, ptr %70, i64 %.9226
  %.9249 = sitofp i64 %.5.i481 to double
  store double %.9249, ptr %.9248, align 8
  br label %B5822.endif

B5872:                                            ; preds = %B5822.endif, %B3906.endif.endif, %B3720.endif.endif, %B3274.endif.endif, %B3052.endif.endif.endif
  %waiting.4.2 = phi i64 [ %waiting.5.3, %B3720.endif.endif ], [ %waiting.5.3, %B3274.endif.endif ], [ %waiting.6.2.ph, %B3906.endif.endif ], [ %waiting.5.3, %B3052.endif.endif.endif ], [ %waiting.7.5, %B5822.endif ]
  %.9420 = icmp sgt i64 %waiting.4.2, 0
  br i1 %.9420, label %B982.endif.endif, label %B268.loopexit

common.ret:                                       ; preds = %B268.loopexit, %B0.else.if
  store ptr null, ptr %retptr, align 8
  ret i32 0

B5892:                                            ; preds = %B2158.endif.endif, %B2814
  %"$phi2258.2.2.6.1" = fdiv nsz contract double %.3876, %.3729
  %.3903.1 = fcmp nsz contract ole double %low.6.3, %"$phi2258.2.2.6.1"
  %.3911.1 = fcmp nsz contract ole double %"$phi2258.2.2.6.1", %.2349
  %or.cond2656.1 = select i1 %.3903.1, i1 %.3911.1, i1 false
  br i1 %or.cond2656.1, label %B2294.endif.endif.1, label %B3000

B2294.endif.endif.1:                              ; preds = %B5892
  %71 = icmp slt i64 %.5.i, 1
  %.3926.1 = tail call nsz contract double @atan(double %"$phi2258.2.2.6.1")
  %.3932.1 = fdiv nsz contract double %.3926.1, 0x400921FB54442D18
  %.3933.1 = fadd nsz contract double %.3932.1, 5.000000e-01
  %.3937.1 = fmul nsz contract double %.3933.1, %.3936
  %.3938.1 = fadd nsz contract double %.3937.1, 5.000000e-01
  %.5.i494 = fptosi double %.3938.1 to i64
  %.3995.1 = icmp slt i64 %.5.i494, 0
  %.3996.1 = select i1 %.3995.1, i64 %arg.pattern.5.1, i64 0
  %72 = getelementptr double, ptr %18, i64 %.5.i494
  %.4018.1 = getelementptr double, ptr %72, i64 %.3996.1
  %.4019.1 = load double, ptr %.4018.1, align 8
  %.4023.1 = fmul nsz contract double %wide.2.1, %.4019.1
  %.4027.1 = fmul nsz contract double %.4026, %.4023.1
  %.4031.1 = fmul nsz contract double %.4030, %.4027.1
  %.4033.1 = fmul nsz contract double %arg.cell_m, %.4031.1
  %.4042.1 = fadd nsz contract double %.4039.1, %.4036
  %.4046.1 = fdiv nsz contract double %.4033.1, %.4042.1
  br i1 %71, label %B2674.1, label %B2522.lr.ph.1

B2522.lr.ph.1:                                    ; preds = %B2294.endif.endif.1
  %73 = icmp slt i64 %.5.i494, 0
  %74 = icmp eq i64 %35, 0
  %invariant.gep.1 = getelementptr double, ptr %arg.walls.4, i64 %.5.i494
  %.4276.1 = select i1 %73, i64 %arg.walls.5.1, i64 0
  %invariant.gep3086.1 = getelementptr double, ptr %invariant.gep.1, i64 %.4276.1
  br i1 %74, label %B2522.endif.1.epil.preheader, label %B2522.endif.1.preheader

B2522.endif.1.preheader:                          ; preds = %B2522.lr.ph.1
  br label %B2522.endif.1

B2522.endif.1:                                    ; preds = %B2522.endif.1, %B2522.endif.1.preheader
  %power.4.83082.1 = phi double [ %.4303.1.1, %B2522.endif.1 ], [ %.4046.1, %B2522.endif.1.preheader ]
  %.413630783080.1 = phi i64 [ %.4143.1.1, %B2522.endif.1 ], [ 0, %B2522.endif.1.preheader ]
  %75 = shl i64 %.413630783080.1, 3
  %scevgep1234 = getelementptr i8, ptr %scevgep1232, i64 %75
  %scevgep1235 = getelementptr i8, ptr %scevgep1234, i64 -8
  %.4222.1 = load double, ptr %scevgep1235, align 8
  %.5.i495 = fptosi double %.4222.1 to i64
  %.4272.1 = icmp slt i64 %.5.i495, 0
  %.4273.1 = select i1 %.4272.1, i64 %arg.walls.5.0, i64 0
  %.4274.1 = add i64 %.4273.1, %.5.i495
  %.4294.1 = mul i64 %.4274.1, %arg.walls.5.1
  %gep3087.1 = getelementptr double, ptr %invariant.gep3086.1, i64 %.4294.1
  %.4299.1 = load double, ptr %gep3087.1, align 8
  %.4303.1 = fmul nsz contract double %power.4.83082.1, %.4299.1
  %76 = shl i64 %.413630783080.1, 3
  %scevgep1233 = getelementptr i8, ptr %scevgep1232, i64 %76
  %.4222.1.1 = load double, ptr %scevgep1233, align 8
  %.5.i495.1 = fptosi double %.4222.1.1 to i64
  %.4143.1.1 = add nuw i64 %.413630783080.1, 2
  %.4272.1.1 = icmp slt i64 %.5.i495.1, 0
  %.4273.1.1 = select i1 %.4272.1.1, i64 %arg.walls.5.0, i64 0
  %.4274.1.1 = add i64 %.4273.1.1, %.5.i495.1
  %.4294.1.1 = mul i64 %.4274.1.1, %arg.walls.5.1
  %gep3087.1.1 = getelementptr double, ptr %invariant.gep3086.1, i64 %.4294.1.1
  %.4299.1.1 = load double, ptr %gep3087.1.1, align 8
  %.4303.1.1 = fmul nsz contract double %.4303.1, %.4299.1.1
  %niter1084.ncmp.1 = icmp eq i64 %unroll_iter, %.4143.1.1
  br i1 %niter1084.ncmp.1, label %B2674.1.loopexit.unr-lcssa, label %B2522.endif.1

B2674.1.loopexit.unr-lcssa:                       ; preds = %B2522.endif.1
  %77 = and i64 %.5.i, 1
  %78 = icmp eq i64 %77, 0
  br i1 %78, label %B2674.1, label %B2522.endif.1.epil.preheader

B2522.endif.1.epil.preheader:                     ; preds = %B2674.1.loopexit.unr-lcssa, %B2522.lr.ph.1
  %power.4.83082.1.epil.init = phi double [ %.4046.1, %B2522.lr.ph.1 ], [ %.4303.1.1, %B2674.1.loopexit.unr-lcssa ]
  %.413630783080.1.epil.init = phi i64 [ 0, %B2522.lr.ph.1 ], [ %.4143.1.1, %B2674.1.loopexit.unr-lcssa ]
  %79 = getelementptr double, ptr %0, i64 %.413630783080.1.epil.init
  %80 = getelementptr i8, ptr %79, i64 72
  %.4222.1.epil = load double, ptr %80, align 8
  %.5.i495.epil = fptosi double %.4222.1.epil to i64
  %.4272.1.epil = icmp slt i64 %.5.i495.epil, 0
  %.4273.1.epil = select i1 %.4272.1.epil, i64 %arg.walls.5.0, i64 0
  %.4274.1.epil = add i64 %.4273.1.epil, %.5.i495.epil
  %.4294.1.epil = mul i64 %.4274.1.epil, %arg.walls.5.1
  %gep3087.1.epil = getelementptr double, ptr %invariant.gep3086.1, i64 %.4294.1.epil
  %.4299.1.epil = load double, ptr %gep3087.1.epil, align 8
  %.4303.1.epil = fmul nsz contract double %power.4.83082.1.epil.init, %.4299.1.epil
  br label %B2674.1

B2674.1:                                          ; preds = %B2522.endif.1.epil.preheader, %B2674.1.loopexit.unr-lcssa, %B2294.endif.endif.1
  %power.4.8.lcssa.1 = phi double [ %.4046.1, %B2294.endif.endif.1 ], [ %.4303.1.1, %B2674.1.loopexit.unr-lcssa ], [ %.4303.1.epil, %B2522.endif.1.epil.preheader ]
  %81 = icmp slt i64 %.5.i494, 0
  %82 = fcmp ogt double %since.2.1, 0.000000e+00
  %.4362.1 = select i1 %81, i64 %arg.ground.5.0, i64 0
  %83 = getelementptr double, ptr %arg.ground.4, i64 %.5.i494
  %.4376.1 = getelementptr double, ptr %83, i64 %.4362.1
  %.4377.1 = load double, ptr %.4376.1, align 8
  %.4381.1 = fmul nsz contract double %power.4.8.lcssa.1, %.4377.1
  br i1 %82, label %B2686.1, label %B2814.1

B2686.1:                                          ; preds = %B2674.1
  %.4414.1 = tail call nsz contract double @sqrt(double %.4413)
  %.4416.1 = fmul nsz contract double %bend.2.1, %.4414.1
  %.8.i496 = fcmp nsz contract ugt double %.4416.1, -7.800000e-01
  br i1 %.8.i496, label %B20.i498, label %B2686.endif.endif.1

B20.i498:                                         ; preds = %B2686.1
  %.15.i499 = fadd nsz contract double %.4416.1, -1.000000e-01
  %.147.i.i500 = fmul nsz contract double %.15.i499, %.15.i499
  %.42.i501 = fadd nsz contract double %.147.i.i500, 1.000000e+00
  %sqrt.i502 = tail call nsz contract double @llvm.sqrt.f64(double %.42.i501)
  %.45.i503 = fadd nsz contract double %.4416.1, %sqrt.i502
  %.48.i504 = fadd nsz contract double %.45.i503, -1.000000e-01
  %.49.i505 = tail call nsz contract double @llvm.log10.f64(double %.48.i504)
  %.50.i506 = fmul nsz contract double %.49.i505, 2.000000e+01
  %.51.i507 = fadd nsz contract double %.50.i506, 6.900000e+00
  %84 = fmul nsz contract double %.51.i507, -1.000000e-01
  %85 = tail call nsz contract double @llvm.pow.f64(double 1.000000e+01, double %84)
  br label %B2686.endif.endif.1

B2686.endif.endif.1:                              ; preds = %B20.i498, %B2686.1
  %storemerge.i497 = phi double [ %85, %B20.i498 ], [ 1.000000e+00, %B2686.1 ]
  %.4445.1 = fmul nsz contract double %.4381.1, %storemerge.i497
  br label %B2814.1

B2814.1:                                          ; preds = %B2686.endif.endif.1, %B2674.1
  %power.6.8.1 = phi double [ %.4445.1, %B2686.endif.endif.1 ], [ %.4381.1, %B2674.1 ]
  %kind.2.8.1 = phi i64 [ %.4452, %B2686.endif.endif.1 ], [ %.4334.1, %B2674.1 ]
  %.4495.1 = icmp slt i64 %kind.2.8.1, 0
  %.4496.1 = select i1 %.4495.1, i64 %arg.into.5.0, i64 0
  %.4497.1 = add i64 %.4496.1, %kind.2.8.1
  %.4527.1 = mul i64 %.4497.1, %.4525
  %gep3113.1 = getelementptr double, ptr %invariant.gep3112, i64 %.4527.1
  %.4534.1 = load double, ptr %gep3113.1, align 8
  %.4536.1 = fadd nsz contract double %power.6.8.1, %.4534.1
  store double %.4536.1, ptr %gep3113.1, align 8
  %sunkaddr1287 = mul i64 %.3601, 8
  %sunkaddr1288 = getelementptr i8, ptr %164, i64 %sunkaddr1287
  %.4680.1 = load double, ptr %sunkaddr1288, align 8
  %.4682.1 = fadd nsz contract double %power.6.8.1, %.4680.1
  store double %.4682.1, ptr %sunkaddr1288, align 8
  %sunkaddr1289 = mul i64 %.3601, 8
  %sunkaddr1290 = getelementptr i8, ptr %165, i64 %sunkaddr1289
  %.4828.1 = load double, ptr %sunkaddr1290, align 8
  %.4831.1 = fmul nsz contract double %.2803, %power.6.8.1
  %.4832.1 = fsub nsz contract double %.4828.1, %.4831.1
  store double %.4832.1, ptr %sunkaddr1290, align 8
  %sunkaddr1291 = mul i64 %.3601, 8
  %sunkaddr1292 = getelementptr i8, ptr %166, i64 %sunkaddr1291
  %.4979.1 = load double, ptr %sunkaddr1292, align 8
  %.4982.1 = fmul nsz contract double %.2805, %power.6.8.1
  %.4985.1 = fadd nsz contract double %.4982.1, %.4979.1
  store double %.4985.1, ptr %sunkaddr1292, align 8
  br label %B3000

B284.else.if:                                     ; preds = %B284
  %.541 = sub nsw i64 %.50039044257, %arg.azimuths
  %86 = or i64 %.541, %arg.bent
  %87 = and i64 %86, -4294967296
  %88 = icmp eq i64 %87, 0
  br i1 %88, label %89, label %96

89:                                               ; preds = %B284.else.if
  %90 = trunc i64 %arg.bent to i32
  %91 = trunc i64 %.541 to i32
  %92 = udiv i32 %91, %90
  %93 = urem i32 %91, %90
  %94 = zext i32 %92 to i64
  %95 = zext i32 %93 to i64
  br label %99

96:                                               ; preds = %B284.else.if
  %97 = sdiv i64 %.541, %arg.bent
  %98 = srem i64 %.541, %arg.bent
  br label %99

99:                                               ; preds = %96, %89
  %100 = phi i64 [ %94, %89 ], [ %97, %96 ]
  %101 = phi i64 [ %95, %89 ], [ %98, %96 ]
  %.563 = xor i64 %101, %arg.bent
  %.564 = icmp slt i64 %.563, 0
  %.565 = icmp ne i64 %101, 0
  %.566 = and i1 %.565, %.564
  %.571 = sext i1 %.566 to i64
  %.550.1 = add i64 %100, %.571
  %.597 = icmp slt i64 %.550.1, 0
  br i1 %.597, label %B316, label %B448.else

B316.endif.else.if:                               ; preds = %B316
  %102 = or i64 %.652, %arg.azimuths
  %103 = and i64 %102, -4294967296
  %104 = icmp eq i64 %103, 0
  br i1 %104, label %105, label %112

105:                                              ; preds = %B316.endif.else.if
  %106 = trunc i64 %arg.azimuths to i32
  %107 = trunc i64 %.652 to i32
  %108 = udiv i32 %107, %106
  %109 = urem i32 %107, %106
  %110 = zext i32 %108 to i64
  %111 = zext i32 %109 to i64
  br label %115

112:                                              ; preds = %B316.endif.else.if
  %113 = sdiv i64 %.652, %arg.azimuths
  %114 = srem i64 %.652, %arg.azimuths
  br label %115

115:                                              ; preds = %112, %105
  %116 = phi i64 [ %110, %105 ], [ %113, %112 ]
  %117 = phi i64 [ %111, %105 ], [ %114, %112 ]
  %.676 = xor i64 %117, %arg.azimuths
  %.677 = icmp slt i64 %.676, 0
  %.678 = icmp ne i64 %117, 0
  %.679 = and i1 %.678, %.677
  %.684 = sext i1 %.679 to i64
  %spec.select2672 = add i64 %116, %.684
  br label %B862

B448.else:                                        ; preds = %99
  %118 = icmp ne i64 %arg.bent, -1
  %.855 = mul i64 %.550.1, %arg.sources.5.1
  %119 = getelementptr double, ptr %arg.sources.4, i64 %.855
  %.859 = getelementptr i8, ptr %119, i64 40
  %.860 = load double, ptr %.859, align 8
  %.880 = icmp ne i64 %.541, %const
  %.882.not = or i1 %118, %.880
  br i1 %.882.not, label %B448.else.if, label %B448.endif.endif.endif.endif

B448.else.if:                                     ; preds = %B448.else
  %.897 = select i1 %.566, i64 %arg.bent, i64 0
  %.877.1 = add i64 %.897, %101
  %.907 = sitofp i64 %.877.1 to double
  %.908 = fadd nsz contract double %.907, 5.000000e-01
  %.909 = fmul nsz contract double %.908, 0x401921FB54442D18
  br label %B448.endif.endif.endif.endif

B448.endif.endif.endif.endif:                     ; preds = %B448.else.if, %B448.else, %B448.thread
  %.8605971 = phi double [ %.8605970, %B448.thread ], [ %.860, %B448.else.if ], [ %.860, %B448.else ]
  %120 = phi ptr [ %arg.sources.4, %B448.thread ], [ %119, %B448.else.if ], [ %119, %B448.else ]
  %.9112626 = phi double [ %.9072619, %B448.thread ], [ %.9112635, %B448.else.if ], [ %.9112635, %B448.else ]
  %.9092624 = phi double [ %.9092621, %B448.thread ], [ %.909, %B448.else.if ], [ 0x400921FB54442D18, %B448.else ]
  %.915 = fdiv nsz contract double %.9092624, %.9112626
  %.972 = load double, ptr %120, align 8
  %.1026 = getelementptr i8, ptr %120, i64 8
  %.1027 = load double, ptr %.1026, align 8
  %.1081 = getelementptr i8, ptr %120, i64 16
  %.1082 = load double, ptr %.1081, align 8
  %.1136 = getelementptr i8, ptr %120, i64 24
  %.1137 = load double, ptr %.1136, align 8
  %.1191 = getelementptr i8, ptr %120, i64 32
  %.1192 = load double, ptr %.1191, align 8
  %.1233 = fsub nsz contract double %.915, %.8605971
  %.1235 = fadd nsz contract double %.1233, 0x400921FB54442D18
  %.11.i509 = frem nsz contract double %.1235, 0x401921FB54442D18
  %.16.i = fcmp nsz contract une double %.11.i509, 0.000000e+00
  br i1 %.16.i, label %entry.if.i, label %entry.endif.i

entry.if.i:                                       ; preds = %B448.endif.endif.endif.endif
  %.18.i = fcmp nsz contract olt double %.11.i509, 0.000000e+00
  br i1 %.18.i, label %entry.if.if.i, label %entry.endif.i

entry.endif.i:                                    ; preds = %entry.if.if.i, %entry.if.i, %B448.endif.endif.endif.endif
  %.5.1.i = phi double [ %.11.i509, %entry.if.i ], [ %.24.i, %entry.if.if.i ], [ 0.000000e+00, %B448.endif.endif.endif.endif ]
  %121 = icmp ne i64 %arg.pattern.5.0, -1
  %122 = icmp ne i64 %arg.pattern.5.0, 0
  %.1251 = fadd nsz contract double %.5.1.i, 0xC00921FB54442D18
  %.1252 = tail call nsz contract double @llvm.fabs.f64(double %.1251)
  %.1308 = getelementptr i8, ptr %120, i64 48
  %.1309 = load double, ptr %.1308, align 8
  %.1310 = fmul nsz contract double %.1309, %.1252
  %.1316 = fdiv nsz contract double %.8605971, 0x401921FB54442D18
  %.1333 = fmul nsz contract double %.1316, %.1332
  %.1334 = tail call nsz contract double @llvm.floor.f64(double %.1333)
  %.1335 = fptosi double %.1334 to i64
  %.1364 = icmp ne i64 %.1335, %const
  %.1366.not = or i1 %121, %.1364
  %or.cond4274 = select i1 %122, i1 %.1366.not, i1 false
  br i1 %or.cond4274, label %B448.endif.endif.endif.endif.else.if, label %B448.endif.endif.endif.endif.endif

entry.if.if.i:                                    ; preds = %entry.if.i
  %.24.i = fadd nsz contract double %.11.i509, 0x401921FB54442D18
  br label %entry.endif.i

B448.endif.endif.endif.endif.endif:               ; preds = %133, %entry.endif.i
  %rem.4.0 = phi i64 [ 0, %entry.endif.i ], [ %spec.select2673, %133 ]
  %.1400 = fdiv nsz contract double %.1395, %.9112626
  br label %B862

B448.endif.endif.endif.endif.else.if:             ; preds = %entry.endif.i
  %123 = or i64 %.1335, %arg.pattern.5.0
  %124 = and i64 %123, -4294967296
  %125 = icmp eq i64 %124, 0
  br i1 %125, label %126, label %131

126:                                              ; preds = %B448.endif.endif.endif.endif.else.if
  %127 = trunc i64 %arg.pattern.5.0 to i32
  %128 = trunc i64 %.1335 to i32
  %129 = urem i32 %128, %127
  %130 = zext i32 %129 to i64
  br label %133

131:                                              ; preds = %B448.endif.endif.endif.endif.else.if
  %132 = srem i64 %.1335, %arg.pattern.5.0
  br label %133

133:                                              ; preds = %131, %126
  %134 = phi i64 [ %130, %126 ], [ %132, %131 ]
  %.1371 = xor i64 %134, %arg.pattern.5.0
  %.1372 = icmp slt i64 %.1371, 0
  %.1373 = icmp ne i64 %134, 0
  %.1374 = and i1 %.1373, %.1372
  %.1381 = select i1 %.1374, i64 %arg.pattern.5.0, i64 0
  %spec.select2673 = add i64 %.1381, %134
  br label %B448.endif.endif.endif.endif.endif

B982.endif.endif:                                 ; preds = %B5872, %B862
  %waiting.3.1 = phi i64 [ 1, %B862 ], [ %waiting.4.2, %B5872 ]
  %.1974 = add nsw i64 %waiting.3.1, -1
  %.2033 = mul i64 %.1974, %arg.stack.5.1
  %.2037 = getelementptr double, ptr %arg.stack.4, i64 %.2033
  %.2038 = load double, ptr %.2037, align 8
  %.2092 = getelementptr i8, ptr %.2037, i64 8
  %.2093 = load double, ptr %.2092, align 8
  %.2147 = getelementptr i8, ptr %.2037, i64 16
  %.2148 = load double, ptr %.2147, align 8
  %.2202 = getelementptr i8, ptr %.2037, i64 24
  %.2203 = load double, ptr %.2202, align 8
  %.2293 = getelementptr i8, ptr %.2037, i64 32
  %.2294 = load double, ptr %.2293, align 8
  %.2348 = getelementptr i8, ptr %.2037, i64 40
  %.2349 = load double, ptr %.2348, align 8
  %.2403 = getelementptr i8, ptr %.2037, i64 48
  %.2404 = load double, ptr %.2403, align 8
  %.2467 = getelementptr i8, ptr %.2037, i64 56
  %.2468 = load double, ptr %.2467, align 8
  %.5.i = fptosi double %.2468 to i64
  %.2546 = getelementptr i8, ptr %.2037, i64 64
  %.2547 = load double, ptr %.2546, align 8
  %.2592 = icmp sgt i64 %.5.i, 0
  br i1 %.2592, label %B1240.preheader, label %B1296.endif

B1240.preheader:                                  ; preds = %B982.endif.endif
  %min.iters.check940 = icmp ult i64 %.5.i, 4
  br i1 %min.iters.check940, label %B1240.preheader954, label %vector.memcheck937

vector.memcheck937:                               ; preds = %B1240.preheader
  %135 = shl i64 %waiting.3.1, 3
  %136 = sub i64 4104, %135
  %137 = mul i64 %arg.stack.5.1, %136
  %diff.check938 = icmp ult i64 %137, 32
  br i1 %diff.check938, label %B1240.preheader954, label %vector.ph941

vector.ph941:                                     ; preds = %vector.memcheck937
  %const_mat1271 = add i64 %const, -4
  %n.vec943 = and i64 %.5.i, %const_mat1271
  %138 = mul i64 %2, %.1974
  %scevgep1202 = getelementptr i8, ptr %scevgep1201, i64 %138
  br label %vector.body944

vector.body944:                                   ; preds = %vector.body944, %vector.ph941
  %index945 = phi i64 [ 0, %vector.ph941 ], [ %index.next948, %vector.body944 ]
  %139 = shl i64 %index945, 3
  %scevgep1204 = getelementptr i8, ptr %scevgep1202, i64 %139
  %scevgep1205 = getelementptr i8, ptr %scevgep1204, i64 -16
  %140 = shl i64 %index945, 3
  %scevgep1203 = getelementptr i8, ptr %scevgep1202, i64 %140
  %wide.load946 = load <2 x double>, ptr %scevgep1205, align 8
  %wide.load947 = load <2 x double>, ptr %scevgep1203, align 8
  %141 = shl i64 %index945, 3
  %scevgep1199 = getelementptr i8, ptr %scevgep, i64 %141
  %scevgep1200 = getelementptr i8, ptr %scevgep1199, i64 -16
  %142 = shl i64 %index945, 3
  %scevgep1198 = getelementptr i8, ptr %scevgep, i64 %142
  store <2 x double> %wide.load946, ptr %scevgep1200, align 8
  store <2 x double> %wide.load947, ptr %scevgep1198, align 8
  %index.next948 = add nuw i64 %index945, 4
  %143 = icmp eq i64 %n.vec943, %index.next948
  br i1 %143, label %middle.block949, label %vector.body944

middle.block949:                                  ; preds = %vector.body944
  %cmp.n950 = icmp eq i64 %n.vec943, %.5.i
  br i1 %cmp.n950, label %B1296.endif, label %B1240.preheader954

B1240.preheader954:                               ; preds = %middle.block949, %vector.memcheck937, %B1240.preheader
  %.264030723074.ph = phi i64 [ 0, %vector.memcheck937 ], [ 0, %B1240.preheader ], [ %n.vec943, %middle.block949 ]
  %xtraiter = and i64 %.5.i, 3
  %lcmp.mod.not = icmp eq i64 %xtraiter, 0
  br i1 %lcmp.mod.not, label %B1240.prol.loopexit, label %B1240.prol.preheader

B1240.prol.preheader:                             ; preds = %B1240.preheader954
  %144 = mul i64 %4, %.1974
  %scevgep1209 = getelementptr i8, ptr %scevgep1208, i64 %144
  br label %B1240.prol

B1240.prol:                                       ; preds = %B1240.prol, %B1240.prol.preheader
  %lsr.iv = phi i64 [ %xtraiter, %B1240.prol.preheader ], [ %lsr.iv.next, %B1240.prol ]
  %.264030723074.prol = phi i64 [ %.2647.prol, %B1240.prol ], [ %.264030723074.ph, %B1240.prol.preheader ]
  %.2647.prol = add nuw nsw i64 %.264030723074.prol, 1
  %145 = shl i64 %.264030723074.prol, 3
  %scevgep1210 = getelementptr i8, ptr %scevgep1209, i64 %145
  %.2725.prol = load double, ptr %scevgep1210, align 8
  %146 = shl i64 %.264030723074.prol, 3
  %scevgep1207 = getelementptr i8, ptr %scevgep1206, i64 %146
  store double %.2725.prol, ptr %scevgep1207, align 8
  %lsr.iv.next = add nsw i64 %lsr.iv, -1
  %prol.iter.cmp.not = icmp eq i64 %lsr.iv.next, 0
  br i1 %prol.iter.cmp.not, label %B1240.prol.loopexit, label %B1240.prol

B1240.prol.loopexit:                              ; preds = %B1240.prol, %B1240.preheader954
  %.264030723074.unr = phi i64 [ %.264030723074.ph, %B1240.preheader954 ], [ %.2647.prol, %B1240.prol ]
  %147 = sub nsw i64 %.264030723074.ph, %.5.i
  %148 = icmp ugt i64 %147, -4
  br i1 %148, label %B1296.endif, label %B1240.preheader1197

B1240.preheader1197:                              ; preds = %B1240.prol.loopexit
  %149 = mul i64 %6, %.1974
  %scevgep1220 = getelementptr i8, ptr %scevgep1219, i64 %149
  br label %B1240

B1296.endif:                                      ; preds = %B1240.prol.loopexit, %middle.block949, %B982.endif.endif, %B1240
  %150 = icmp ne i64 %.279.1, -1
  %151 = icmp ne i64 %.279.1, 0
  %.2791 = tail call nsz contract double @llvm.floor.f64(double %.2093)
  %.2792 = fptosi double %.2791 to i64
  %.2794 = tail call nsz contract double @llvm.floor.f64(double %.2038)
  %.2795 = fptosi double %.2794 to i64
  %.2803 = tail call nsz contract double @llvm.cos.f64(double %.2148)
  %.2805 = tail call nsz contract double @llvm.sin.f64(double %.2148)
  %.2816 = fdiv nsz contract double %.2148, 0x401921FB54442D18
  %.2819 = fadd nsz contract double %.2816, 5.000000e-01
  %.2822 = fmul nsz contract double %.2819, %.2821
  %.2823 = tail call nsz contract double @llvm.floor.f64(double %.2822)
  %.2824 = fptosi double %.2823 to i64
  %.2839 = icmp ne i64 %.2824, %const
  %.2841.not = or i1 %150, %.2839
  %or.cond4275 = select i1 %151, i1 %.2841.not, i1 false
  br i1 %or.cond4275, label %B1296.endif.else.if, label %B1566.endif.endif.endif.endif

B1296.endif.else.if:                              ; preds = %B1296.endif
  %152 = or i64 %.2824, %.279.1
  %153 = and i64 %152, -4294967296
  %154 = icmp eq i64 %153, 0
  br i1 %154, label %155, label %160

155:                                              ; preds = %B1296.endif.else.if
  %156 = trunc i64 %.279.1 to i32
  %157 = trunc i64 %.2824 to i32
  %158 = urem i32 %157, %156
  %159 = zext i32 %158 to i64
  br label %162

160:                                              ; preds = %B1296.endif.else.if
  %161 = srem i64 %.2824, %.279.1
  br label %162

162:                                              ; preds = %160, %155
  %163 = phi i64 [ %159, %155 ], [ %161, %160 ]
  %.2846 = xor i64 %163, %.279.1
  %.2847 = icmp slt i64 %.2846, 0
  %.2848 = icmp ne i64 %163, 0
  %.2849 = and i1 %.2848, %.2847
  %.2856 = select i1 %.2849, i64 %.279.1, i64 0
  %spec.select2674 = add nsw i64 %.2856, %163
  br label %B1566.endif.endif.endif.endif

B1566.endif.endif.endif.endif:                    ; preds = %162, %B1296.endif
  %rem.5.0 = phi i64 [ 0, %B1296.endif ], [ %spec.select2674, %162 ]
  %.2871 = fcmp nsz contract ule double %.2803, 0.000000e+00
  %"$phi1566.1.2.2" = select i1 %.2871, i64 -1, i64 1
  %.2882 = fcmp nsz contract ule double %.2805, 0.000000e+00
  %"$phi1566.2.2.2" = select i1 %.2882, i64 -1, i64 1
  %.2904 = tail call nsz contract double @llvm.fabs.f64(double %.2803)
  %.12.i513 = fcmp nsz contract olt double %.2904, 1.000000e-30
  %.13.i514 = select i1 %.12.i513, double 1.000000e-30, double %.2904
  %.2936 = fdiv nsz contract double 1.000000e+00, %.13.i514
  %.2938 = tail call nsz contract double @llvm.fabs.f64(double %.2805)
  %.12.i515 = fcmp nsz contract olt double %.2938, 1.000000e-30
  %.13.i516 = select i1 %.12.i515, double 1.000000e-30, double %.2938
  %.2970 = fdiv nsz contract double 1.000000e+00, %.13.i516
  br i1 %.2871, label %B1726, label %B1710

B1964.endif:                                      ; preds = %B5822.endif, %B1962
  %low.6.3 = phi double [ %low.7.2, %B1962 ], [ %.13.i493, %B5822.endif ]
  %waiting.5.3 = phi i64 [ %waiting.6.2.ph, %B1962 ], [ %waiting.7.5, %B5822.endif ]
  %col.2.3 = phi i64 [ %col.3.2, %B1962 ], [ %col.4.5, %B5822.endif ]
  %row.2.3 = phi i64 [ %row.3.2, %B1962 ], [ %row.4.5, %B5822.endif ]
  %to_col.2.3 = phi double [ %to_col.3.2, %B1962 ], [ %to_col.4.5, %B5822.endif ]
  %to_row.2.3 = phi double [ %to_row.3.2, %B1962 ], [ %to_row.4.5, %B5822.endif ]
  %gone.2.3 = phi double [ %gone.3.2, %B1962 ], [ %.13.i, %B5822.endif ]
  %inside.2.3 = phi i1 [ %inside.3.2, %B1962 ], [ true, %B5822.endif ]
  %.12.i = fcmp nsz contract olt double %to_row.2.3, %to_col.2.3
  %.13.i = select i1 %.12.i, double %to_row.2.3, double %to_col.2.3
  %.3586 = fmul nsz contract double %arg.cell_m, %.13.i
  %.3588 = fadd nsz contract double %.2203, %.3586
  br i1 %inside.2.3, label %B2018, label %B3204

B2158.endif.endif:                                ; preds = %B2108
  %.3724 = fadd nsz contract double %gone.2.3, %.13.i
  %.3725 = fmul nsz contract double %.3724, 5.000000e-01
  %.3727 = fmul nsz contract double %arg.cell_m, %.3725
  %.3729 = fadd nsz contract double %.2203, %.3727
  %.4026 = fsub nsz contract double %.3729, %since.2.1
  %.4030 = fsub nsz contract double %.13.i, %gone.2.3
  %.4036 = fmul nsz contract double %.3729, %.3729
  %.4408 = fmul nsz contract double %since.2.1, %.4026
  %.4413 = fdiv nsz contract double %.4408, %.3729
  %.4529 = mul i64 %.3598, %arg.into.5.2
  %invariant.gep3111 = getelementptr double, ptr %arg.into.4, i64 %.4529
  %invariant.gep3112 = getelementptr double, ptr %invariant.gep3111, i64 %.3601
  %164 = getelementptr double, ptr %32, i64 %.4529
  %165 = getelementptr double, ptr %33, i64 %.4529
  %166 = getelementptr double, ptr %34, i64 %.4529
  %"$phi2258.2.2.6" = fdiv nsz contract double %rise.2.0, %.3729
  %.3903 = fcmp nsz contract ole double %low.6.3, %"$phi2258.2.2.6"
  %.3911 = fcmp nsz contract ole double %"$phi2258.2.2.6", %.2349
  %or.cond2656 = select i1 %.3903, i1 %.3911, i1 false
  br i1 %or.cond2656, label %B2294.endif.endif, label %B5892

B2294.endif.endif:                                ; preds = %B2158.endif.endif
  %167 = icmp slt i64 %.5.i, 1
  %.3926 = tail call nsz contract double @atan(double %"$phi2258.2.2.6")
  %.3932 = fdiv nsz contract double %.3926, 0x400921FB54442D18
  %.3933 = fadd nsz contract double %.3932, 5.000000e-01
  %.3937 = fmul nsz contract double %.3933, %.3936
  %.3938 = fadd nsz contract double %.3937, 5.000000e-01
  %.5.i517 = fptosi double %.3938 to i64
  %.3995 = icmp slt i64 %.5.i517, 0
  %.3996 = select i1 %.3995, i64 %arg.pattern.5.1, i64 0
  %168 = getelementptr double, ptr %18, i64 %.5.i517
  %.4018 = getelementptr double, ptr %168, i64 %.3996
  %.4019 = load double, ptr %.4018, align 8
  %.4023 = fmul nsz contract double %wide.2.1, %.4019
  %.4027 = fmul nsz contract double %.4026, %.4023
  %.4031 = fmul nsz contract double %.4030, %.4027
  %.4033 = fmul nsz contract double %arg.cell_m, %.4031
  %.4042 = fadd nsz contract double %.4039, %.4036
  %.4046 = fdiv nsz contract double %.4033, %.4042
  br i1 %167, label %B2674, label %B2522.lr.ph

B2522.lr.ph:                                      ; preds = %B2294.endif.endif
  %169 = icmp slt i64 %.5.i517, 0
  %170 = icmp eq i64 %35, 0
  %invariant.gep = getelementptr double, ptr %arg.walls.4, i64 %.5.i517
  %.4276 = select i1 %169, i64 %arg.walls.5.1, i64 0
  %invariant.gep3086 = getelementptr double, ptr %invariant.gep, i64 %.4276
  br i1 %170, label %B2522.endif.epil.preheader, label %B2522.endif.preheader

B2522.endif.preheader:                            ; preds = %B2522.lr.ph
  br label %B2522.endif

B2522.endif:                                      ; preds = %B2522.endif, %B2522.endif.preheader
  %power.4.83082 = phi double [ %.4303.11077, %B2522.endif ], [ %.4046, %B2522.endif.preheader ]
  %.413630783080 = phi i64 [ %.4143.11070, %B2522.endif ], [ 0, %B2522.endif.preheader ]
  %171 = shl i64 %.413630783080, 3
  %scevgep1230 = getelementptr i8, ptr %scevgep1228, i64 %171
  %scevgep1231 = getelementptr i8, ptr %scevgep1230, i64 -8
  %.4222 = load double, ptr %scevgep1231, align 8
  %.5.i462 = fptosi double %.4222 to i64
  %.4272 = icmp slt i64 %.5.i462, 0
  %.4273 = select i1 %.4272, i64 %arg.walls.5.0, i64 0
  %.4274 = add i64 %.4273, %.5.i462
  %.4294 = mul i64 %.4274, %arg.walls.5.1
  %gep3087 = getelementptr double, ptr %invariant.gep3086, i64 %.4294
  %.4299 = load double, ptr %gep3087, align 8
  %.4303 = fmul nsz contract double %power.4.83082, %.4299
  %172 = shl i64 %.413630783080, 3
  %scevgep1229 = getelementptr i8, ptr %scevgep1228, i64 %172
  %.4222.11069 = load double, ptr %scevgep1229, align 8
  %.5.i462.1 = fptosi double %.4222.11069 to i64
  %.4143.11070 = add nuw i64 %.413630783080, 2
  %.4272.11071 = icmp slt i64 %.5.i462.1, 0
  %.4273.11072 = select i1 %.4272.11071, i64 %arg.walls.5.0, i64 0
  %.4274.11073 = add i64 %.4273.11072, %.5.i462.1
  %.4294.11074 = mul i64 %.4274.11073, %arg.walls.5.1
  %gep3087.11075 = getelementptr double, ptr %invariant.gep3086, i64 %.4294.11074
  %.4299.11076 = load double, ptr %gep3087.11075, align 8
  %.4303.11077 = fmul nsz contract double %.4303, %.4299.11076
  %niter.ncmp.1 = icmp eq i64 %unroll_iter, %.4143.11070
  br i1 %niter.ncmp.1, label %B2674.loopexit.unr-lcssa, label %B2522.endif

B2686.endif.endif:                                ; preds = %B20.i, %B2686
  %storemerge.i = phi double [ %44, %B20.i ], [ 1.000000e+00, %B2686 ]
  %.4445 = fmul nsz contract double %power.4.8.lcssa, %storemerge.i
  br label %B2814

B3052.endif.endif.endif:                          ; preds = %B3024
  %sunkaddr1296 = mul i64 %book.2.1, 8
  %sunkaddr1297 = getelementptr i8, ptr %arg.ledger.4, i64 %sunkaddr1296
  %sunkaddr1298 = getelementptr i8, ptr %sunkaddr1297, i64 8
  %.5164 = load double, ptr %sunkaddr1298, align 8
  %.12.i463 = fcmp nsz contract olt double %.2349, %.5102
  %.13.i464 = select i1 %.12.i463, double %.2349, double %.5102
  %.5.i518 = fmul nsz contract double %.13.i464, %.13.i464
  %.6.i519 = fadd nsz contract double %.5.i518, 1.000000e+00
  %sqrt.i520 = tail call nsz contract double @llvm.sqrt.f64(double %.6.i519)
  %.11.i521 = fdiv nsz contract double %.13.i464, %sqrt.i520
  %.5.i522 = fmul nsz contract double %low.6.3, %low.6.3
  %.6.i523 = fadd nsz contract double %.5.i522, 1.000000e+00
  %sqrt.i524 = tail call nsz contract double @llvm.sqrt.f64(double %.6.i523)
  %.11.i525 = fdiv nsz contract double %low.6.3, %sqrt.i524
  %.5248 = fsub nsz contract double %.11.i521, %.11.i525
  %.5249 = fadd nsz contract double %.5248, %.5164
  store double %.5249, ptr %sunkaddr1298, align 8
  %.5308 = fcmp nsz contract ult double %.5102, %.2349
  br i1 %.5308, label %B3204, label %B5872

B3216.endif:                                      ; preds = %B3204
  %.5382 = fcmp nsz contract ogt double %.5380, %.2349
  br i1 %.5382, label %B3254, label %B3382

B3236.endif:                                      ; preds = %B3204
  %.5392 = fcmp nsz contract olt double %.5380, %low.8.4
  br i1 %.5392, label %B3254, label %B3382

B3274.endif.endif:                                ; preds = %B3254
  %sunkaddr1299 = mul i64 %book.2.1, 8
  %sunkaddr1300 = getelementptr i8, ptr %arg.ledger.4, i64 %sunkaddr1299
  %sunkaddr1301 = getelementptr i8, ptr %sunkaddr1300, i64 8
  %.5505 = load double, ptr %sunkaddr1301, align 8
  %.5.i465 = fmul nsz contract double %.2349, %.2349
  %.6.i = fadd nsz contract double %.5.i465, 1.000000e+00
  %sqrt.i466 = tail call nsz contract double @llvm.sqrt.f64(double %.6.i)
  %.11.i = fdiv nsz contract double %.2349, %sqrt.i466
  %.5.i526 = fmul nsz contract double %low.8.4, %low.8.4
  %.6.i527 = fadd nsz contract double %.5.i526, 1.000000e+00
  %sqrt.i528 = tail call nsz contract double @llvm.sqrt.f64(double %.6.i527)
  %.11.i529 = fdiv nsz contract double %low.8.4, %sqrt.i528
  %.5562 = fsub nsz contract double %.11.i, %.11.i529
  %.5563 = fadd nsz contract double %.5562, %.5505
  store double %.5563, ptr %sunkaddr1301, align 8
  br label %B5872

B3720.endif.endif:                                ; preds = %B3706, %B3636, %B3624
  %sunkaddr1302 = mul i64 %book.2.1, 8
  %sunkaddr1303 = getelementptr i8, ptr %arg.ledger.4, i64 %sunkaddr1302
  %.6002 = load double, ptr %sunkaddr1303, align 8
  %.5.i467 = fmul nsz contract double %.2349, %.2349
  %.6.i468 = fadd nsz contract double %.5.i467, 1.000000e+00
  %sqrt.i469 = tail call nsz contract double @llvm.sqrt.f64(double %.6.i468)
  %.11.i470 = fdiv nsz contract double %.2349, %sqrt.i469
  %.5.i530 = fmul nsz contract double %low.8.4, %low.8.4
  %.6.i531 = fadd nsz contract double %.5.i530, 1.000000e+00
  %sqrt.i532 = tail call nsz contract double @llvm.sqrt.f64(double %.6.i531)
  %.11.i533 = fdiv nsz contract double %low.8.4, %sqrt.i532
  %.6059 = fsub nsz contract double %.11.i470, %.11.i533
  %.6060 = fadd nsz contract double %.6059, %.6002
  store double %.6060, ptr %sunkaddr1303, align 8
  br label %B5872

B3906.endif.endif:                                ; preds = %B3884
  %sunkaddr1304 = mul i64 %book.2.1, 8
  %sunkaddr1305 = getelementptr i8, ptr %arg.ledger.4, i64 %sunkaddr1304
  %sunkaddr1306 = getelementptr i8, ptr %sunkaddr1305, i64 24
  %.6320 = load double, ptr %sunkaddr1306, align 8
  %.5.i471 = fmul nsz contract double %.2349, %.2349
  %.6.i472 = fadd nsz contract double %.5.i471, 1.000000e+00
  %sqrt.i473 = tail call nsz contract double @llvm.sqrt.f64(double %.6.i472)
  %.11.i474 = fdiv nsz contract double %.2349, %sqrt.i473
  %.5.i534 = fmul nsz contract double %low.8.4, %low.8.4
  %.6.i535 = fadd nsz contract double %.5.i534, 1.000000e+00
  %sqrt.i536 = tail call nsz contract double @llvm.sqrt.f64(double %.6.i535)
  %.11.i537 = fdiv nsz contract double %low.8.4, %sqrt.i536
  %.6377 = fsub nsz contract double %.11.i474, %.11.i537
  %.6378 = fadd nsz contract double %.6377, %.6320
  store double %.6378, ptr %sunkaddr1306, align 8
  br label %B5872

B4634.endif.endif:                                ; preds = %B4532, %B4050
  %nx.2.6 = phi double [ %.6592, %B4050 ], [ %"$phi4608.1.2.62612", %B4532 ]
  %ny.2.6 = phi double [ %.6691, %B4050 ], [ %"$phi4608.2.2.6", %B4532 ]
  %facing.2.6 = phi double [ %.6932, %B4050 ], [ %.7487, %B4532 ]
  %.7496 = fneg nsz contract float %.6176
  %.7500 = fpext float %.7496 to double
  %.7501 = fsub nsz contract double %.7500, %arg.tz
  %.7506 = fdiv nsz contract double %.7501, %.3588
  %.12.i475 = fcmp nsz contract ogt double %.7506, %low.8.4
  %.13.i476 = select i1 %.12.i475, double %.7506, double %low.8.4
  br i1 %.12.i475, label %B4692.endif.endif.endif, label %B4824.endif

B4692.endif.endif.endif:                          ; preds = %B4634.endif.endif
  %sunkaddr1307 = mul i64 %book.2.1, 8
  %sunkaddr1308 = getelementptr i8, ptr %arg.ledger.4, i64 %sunkaddr1307
  %sunkaddr1309 = getelementptr i8, ptr %sunkaddr1308, i64 8
  %.7597 = load double, ptr %sunkaddr1309, align 8
  %.12.i477 = fcmp nsz contract olt double %.2349, %.7506
  %.13.i478 = select i1 %.12.i477, double %.2349, double %.7506
  %.5.i538 = fmul nsz contract double %.13.i478, %.13.i478
  %.6.i539 = fadd nsz contract double %.5.i538, 1.000000e+00
  %sqrt.i540 = tail call nsz contract double @llvm.sqrt.f64(double %.6.i539)
  %.11.i541 = fdiv nsz contract double %.13.i478, %sqrt.i540
  %.5.i542 = fmul nsz contract double %low.8.4, %low.8.4
  %.6.i543 = fadd nsz contract double %.5.i542, 1.000000e+00
  %sqrt.i544 = tail call nsz contract double @llvm.sqrt.f64(double %.6.i543)
  %.11.i545 = fdiv nsz contract double %low.8.4, %sqrt.i544
  %.7679 = fsub nsz contract double %.11.i541, %.11.i545
  %.7680 = fadd nsz contract double %.7679, %.7597
  store double %.7680, ptr %sunkaddr1309, align 8
  br label %B4824.endif

B4824.endif:                                      ; preds = %B4692.endif.endif.endif, %B4634.endif.endif
  %.12.i479 = fcmp nsz contract olt double %.6446, %.2349
  %.13.i480 = select i1 %.12.i479, double %.6446, double %.2349
  %.7773 = fcmp nsz contract ogt double %.13.i480, %.13.i476
  br i1 %.7773, label %B4870.endif, label %B5822.endif

B4870.endif:                                      ; preds = %B4824.endif
  %173 = fmul nsz contract double %facing.2.6, %.7795
  %.7797 = fsub nsz contract double 5.000000e-01, %173
  %.5.i481 = fptosi double %.7797 to i64
  %.7851 = icmp slt i64 %.5.i481, 0
  %.7852 = select i1 %.7851, i64 %arg.walls.5.0, i64 0
  %.7853 = add i64 %.7852, %.5.i481
  %.7873 = mul i64 %.7853, %arg.walls.5.1
  %gep3360 = getelementptr double, ptr %invariant.gep3359, i64 %.7873
  %.7878 = load double, ptr %gep3360, align 8
  %.7882 = fmul nsz contract double %.2404, %.7878
  %.7894 = fcmp nsz contract olt double %.7882, 0x3E7AD7F29ABCAF48
  %or.cond2671 = select i1 %or.cond2670, i1 true, i1 %.7894
  br i1 %or.cond2671, label %B5014.endif.endif, label %B5122

B5014.endif.endif:                                ; preds = %B4870.endif
  %sunkaddr1310 = mul i64 %book.2.1, 8
  %sunkaddr1311 = getelementptr i8, ptr %arg.ledger.4, i64 %sunkaddr1310
  %sunkaddr1312 = getelementptr i8, ptr %sunkaddr1311, i64 16
  %.7975 = load double, ptr %sunkaddr1312, align 8
  %.5.i482 = fmul nsz contract double %.13.i480, %.13.i480
  %.6.i483 = fadd nsz contract double %.5.i482, 1.000000e+00
  %sqrt.i484 = tail call nsz contract double @llvm.sqrt.f64(double %.6.i483)
  %.11.i485 = fdiv nsz contract double %.13.i480, %sqrt.i484
  %.5.i546 = fmul nsz contract double %.13.i476, %.13.i476
  %.6.i547 = fadd nsz contract double %.5.i546, 1.000000e+00
  %sqrt.i548 = tail call nsz contract double @llvm.sqrt.f64(double %.6.i547)
  %.11.i549 = fdiv nsz contract double %.13.i476, %sqrt.i548
  %.8032 = fsub nsz contract double %.11.i485, %.11.i549
  %.8033 = fadd nsz contract double %.8032, %.7975
  store double %.8033, ptr %sunkaddr1312, align 8
  br label %B5822.endif

B5156.endif.endif:                                ; preds = %B5122
  %sunkaddr1313 = mul i64 %book.2.1, 8
  %sunkaddr1314 = getelementptr i8, ptr %arg.ledger.4, i64 %sunkaddr1313
  %sunkaddr1315 = getelementptr i8, ptr %sunkaddr1314, i64 24
  %.8171 = load double, ptr %sunkaddr1315, align 8
  %.5.i486 = fmul nsz contract double %.13.i480, %.13.i480
  %.6.i487 = fadd nsz contract double %.5.i486, 1.000000e+00
  %sqrt.i488 = tail call nsz contract double @llvm.sqrt.f64(double %.6.i487)
  %.11.i489 = fdiv nsz contract double %.13.i480, %sqrt.i488
  %.5.i550 = fmul nsz contract double %.13.i476, %.13.i476
  %.6.i551 = fadd nsz contract double %.5.i550, 1.000000e+00
  %sqrt.i552 = tail call nsz contract double @llvm.sqrt.f64(double %.6.i551)
  %.11.i553 = fdiv nsz contract double %.13.i476, %sqrt.i552
  %.8228 = fsub nsz contract double %.11.i489, %.11.i553
  %.8229 = fadd nsz contract double %.8228, %.8171
  store double %.8229, ptr %sunkaddr1315, align 8
  br label %B5822.endif

B5272.endif.endif.endif:                          ; preds = %B5264
  %.8292 = fmul nsz contract double %.2803, %.13.i
  %.8294 = fadd nsz contract double %.2038, %.8292
  %.8296 = fmul nsz contract double %.8294, %nx.2.6
  %.8299 = fmul nsz contract double %.2805, %.13.i
  %.8301 = fadd nsz contract double %.2093, %.8299
  %.8303 = fmul nsz contract double %.8301, %ny.2.6
  %.8304 = fadd nsz contract double %.8296, %.8303
  %.8306 = fsub nsz contract double %.6790, %.8304
  %.8313 = fdiv nsz contract double %.8306, %facing.2.6
  %.12.i490 = fcmp nsz contract olt double %.8313, -1.500000e+00
  %.13.i491 = select i1 %.12.i490, double -1.500000e+00, double %.8313
  %.12.i554 = fcmp nsz contract ogt double %.13.i491, 1.500000e+00
  %.13.i555 = select i1 %.12.i554, double 1.500000e+00, double %.13.i491
  %.8372 = fneg nsz contract double %.13.i
  %.12.i556 = fcmp nsz contract olt double %.13.i555, %.8372
  %.13.i557 = select i1 %.12.i556, double %.8372, double %.13.i555
  br label %B5446.endif

B5446.endif:                                      ; preds = %B5272.endif.endif.endif, %B5264
  %to_line.3.5 = phi double [ 0.000000e+00, %B5264 ], [ %.13.i557, %B5272.endif.endif.endif ]
  %174 = icmp slt i64 %.5.i, 1
  %.8408 = fadd nsz contract double %.13.i, %to_line.3.5
  %.8410 = fmul nsz contract double %.2803, %.8408
  %.8412 = fadd nsz contract double %.2038, %.8410
  %.8440 = icmp slt i64 %waiting.5.3, 0
  %.8441 = select i1 %.8440, i64 %arg.stack.5.0, i64 0
  %.8442 = add i64 %.8441, %waiting.5.3
  %.8462 = mul i64 %.8442, %arg.stack.5.1
  %.8466 = getelementptr double, ptr %arg.stack.4, i64 %.8462
  store double %.8412, ptr %.8466, align 8
  %.8474 = fmul nsz contract double %.2805, %.8408
  %.8476 = fadd nsz contract double %.2093, %.8474
  %.8530 = getelementptr i8, ptr %.8466, i64 8
  store double %.8476, ptr %.8530, align 8
  %.8533 = fmul nsz contract double %facing.2.6, 2.000000e+00
  %.8535 = fmul nsz contract double %ny.2.6, %.8533
  %.8539 = fsub nsz contract double %.2805, %.8535
  %.8545 = fmul nsz contract double %nx.2.6, %.8533
  %.8549 = fsub nsz contract double %.2803, %.8545
  %.8550 = tail call nsz contract double @atan2(double %.8539, double %.8549)
  %.8604 = getelementptr i8, ptr %.8466, i64 16
  store double %.8550, ptr %.8604, align 8
  %.8608 = fmul nsz contract double %arg.cell_m, %to_line.3.5
  %.8612 = fadd nsz contract double %.3588, %.8608
  %.8668 = getelementptr i8, ptr %.8466, i64 24
  store double %.8612, ptr %.8668, align 8
  %.8724 = getelementptr i8, ptr %.8466, i64 32
  store double %.13.i476, ptr %.8724, align 8
  %.8782 = getelementptr i8, ptr %.8466, i64 40
  store double %.13.i480, ptr %.8782, align 8
  %.8840 = getelementptr i8, ptr %.8466, i64 48
  store double %.7882, ptr %.8840, align 8
  %.8900 = getelementptr i8, ptr %.8466, i64 56
  store double %.8846, ptr %.8900, align 8
  %.8956 = getelementptr i8, ptr %.8466, i64 64
  store double %.6889, ptr %.8956, align 8
  br i1 %174, label %B5792, label %B5736.preheader

B5736.preheader:                                  ; preds = %B5446.endif
  %175 = icmp ult i64 %.5.i, 4
  br i1 %175, label %B5736.preheader952, label %vector.memcheck

vector.memcheck:                                  ; preds = %B5736.preheader
  %176 = shl i64 %.8442, 3
  %177 = add i64 %176, -4096
  %178 = mul i64 %arg.stack.5.1, %177
  %diff.check = icmp ult i64 %178, 32
  br i1 %diff.check, label %B5736.preheader952, label %vector.body.preheader

vector.body.preheader:                            ; preds = %vector.memcheck
  %179 = mul i64 %9, %.8442
  %scevgep1239 = getelementptr i8, ptr %scevgep1238, i64 %179
  br label %vector.body

vector.body:                                      ; preds = %vector.body, %vector.body.preheader
  %index = phi i64 [ %index.next, %vector.body ], [ 0, %vector.body.preheader ]
  %180 = shl i64 %index, 3
  %scevgep1245 = getelementptr i8, ptr %scevgep1243, i64 %180
  %scevgep1246 = getelementptr i8, ptr %scevgep1245, i64 -16
  %181 = shl i64 %index, 3
  %scevgep1244 = getelementptr i8, ptr %scevgep1243, i64 %181
  %wide.load = load <2 x double>, ptr %scevgep1246, align 8
  %wide.load936 = load <2 x double>, ptr %scevgep1244, align 8
  %182 = shl i64 %index, 3
  %scevgep1241 = getelementptr i8, ptr %scevgep1239, i64 %182
  %scevgep1242 = getelementptr i8, ptr %scevgep1241, i64 -16
  %183 = shl i64 %index, 3
  %scevgep1240 = getelementptr i8, ptr %scevgep1239, i64 %183
  store <2 x double> %wide.load, ptr %scevgep1242, align 8
  store <2 x double> %wide.load936, ptr %scevgep1240, align 8
  %index.next = add nuw i64 %index, 4
  %184 = icmp eq i64 %n.vec, %index.next
  br i1 %184, label %middle.block, label %vector.body

middle.block:                                     ; preds = %vector.body
  %185 = icmp eq i64 %n.vec, %.5.i
  br i1 %185, label %B5792, label %B5736.preheader952

B5736.preheader952:                               ; preds = %middle.block, %vector.memcheck, %B5736.preheader
  %.904631193121.ph = phi i64 [ 0, %vector.memcheck ], [ 0, %B5736.preheader ], [ %n.vec, %middle.block ]
  %186 = icmp eq i64 %xtraiter1085, 0
  br i1 %186, label %B5736.prol.loopexit, label %B5736.prol.preheader

B5736.prol.preheader:                             ; preds = %B5736.preheader952
  %187 = mul i64 %11, %.8442
  %scevgep1248 = getelementptr i8, ptr %scevgep1247, i64 %187
  br label %B5736.prol

B5736.prol:                                       ; preds = %B5736.prol, %B5736.prol.preheader
  %lsr.iv1252 = phi i64 [ %xtraiter1085, %B5736.prol.preheader ], [ %lsr.iv.next1253, %B5736.prol ]
  %.904631193121.prol = phi i64 [ %.9053.prol, %B5736.prol ], [ %.904631193121.ph, %B5736.prol.preheader ]
  %.9053.prol = add nuw nsw i64 %.904631193121.prol, 1
  %188 = shl i64 %.904631193121.prol, 3
  %scevgep1251 = getelementptr i8, ptr %scevgep1250, i64 %188
  %.9132.prol = load double, ptr %scevgep1251, align 8
  %189 = shl i64 %.904631193121.prol, 3
  %scevgep1249 = getelementptr i8, ptr %scevgep1248, i64 %189
  store double %.9132.prol, ptr %scevgep1249, align 8
  %lsr.iv.next1253 = add nsw i64 %lsr.iv1252, -1
  %prol.iter1087.cmp.not = icmp eq i64 %lsr.iv.next1253, 0
  br i1 %prol.iter1087.cmp.not, label %B5736.prol.loopexit, label %B5736.prol

B5736.prol.loopexit:                              ; preds = %B5736.prol, %B5736.preheader952
  %.904631193121.unr = phi i64 [ %.904631193121.ph, %B5736.preheader952 ], [ %.9053.prol, %B5736.prol ]
  %190 = sub nsw i64 %.904631193121.ph, %.5.i
  %191 = icmp ugt i64 %190, -4
  br i1 %191, label %B5792, label %B5736.preheader1196

B5736.preheader1196:                              ; preds = %B5736.prol.loopexit
  %192 = mul i64 %13, %.8442
  %scevgep1255 = getelementptr i8, ptr %scevgep1254, i64 %192
  br label %B5736

B5822.endif:                                      ; preds = %B5156.endif.endif, %B5014.endif.endif, %B4824.endif, %B5792
  %waiting.7.5 = phi i64 [ %waiting.5.3, %B5014.endif.endif ], [ %waiting.5.3, %B5156.endif.endif ], [ %.8088, %B5792 ], [ %waiting.5.3, %B4824.endif ]
  %.12.i492 = fcmp nsz contract ogt double %.6446, %low.8.4
  %.13.i493 = select i1 %.12.i492, double %.6446, double %low.8.4
  %.9323 = fcmp nsz contract ult double %.13.i493, %.2349
  br i1 %.9323, label %B1964.endif, label %B5872
}

; Function Attrs: nocallback nocreateundeforpoison nofree nosync nounwind speculatable willreturn memory(none)
declare double @llvm.fabs.f64(double)

declare double @sqrt(double) local_unnamed_addr

; Function Attrs: nocallback nocreateundeforpoison nofree nosync nounwind speculatable willreturn memory(none)
declare double @llvm.sqrt.f64(double)

; Function Attrs: nocallback nocreateundeforpoison nofree nosync nounwind speculatable willreturn memory(none)
declare double @llvm.log10.f64(double)

; Function Attrs: nocallback nocreateundeforpoison nofree nosync nounwind speculatable willreturn memory(none)
declare double @llvm.pow.f64(double, double)

declare double @atan(double) local_unnamed_addr

; Function Attrs: nocallback nocreateundeforpoison nofree nosync nounwind speculatable willreturn memory(none)
declare double @llvm.floor.f64(double)

; Function Attrs: nocallback nocreateundeforpoison nofree nosync nounwind speculatable willreturn memory(none)
declare double @llvm.cos.f64(double)

; Function Attrs: nocallback nocreateundeforpoison nofree nosync nounwind speculatable willreturn memory(none)
declare double @llvm.sin.f64(double)

declare double @atan2(double, double) local_unnamed_addr

define i32 @rays_eaves(ptr noalias writeonly %retptr, ptr noalias writeonly %excinfo, ptr %arg.height.0, ptr readnone %arg.height.1, i64 %arg.height.2, i64 %arg.height.3, ptr readonly %arg.height.4, i64 %arg.height.5.0, i64 %arg.height.5.1, i64 %arg.height.6.0, i64 %arg.height.6.1, ptr %arg.edges.0, ptr readnone %arg.edges.1, i64 %arg.edges.2, i64 %arg.edges.3, ptr readonly %arg.edges.4, i64 %arg.edges.5.0, i64 %arg.edges.5.1, i64 %arg.edges.6.0, i64 %arg.edges.6.1, double %arg.tx, double %arg.ty, double %arg.tz, double %arg.receiver_m, double %arg.cell_m, double %arg.wavelength, i64 %arg.first_row, i64 %arg.first_col, ptr %arg.pattern.0, ptr readnone %arg.pattern.1, i64 %arg.pattern.2, i64 %arg.pattern.3, ptr readonly %arg.pattern.4, i64 %arg.pattern.5.0, i64 %arg.pattern.5.1, i64 %arg.pattern.6.0, i64 %arg.pattern.6.1, double %arg.unit, ptr %arg.into.0, ptr readnone %arg.into.1, i64 %arg.into.2, i64 %arg.into.3, ptr %arg.into.4, i64 %arg.into.5.0, i64 %arg.into.5.1, i64 %arg.into.5.2, i64 %arg.into.6.0, i64 %arg.into.6.1, i64 %arg.into.6.2) local_unnamed_addr {
B0.else.if:
  %.1153 = alloca i8, align 1
  %excinfo.2 = alloca ptr, align 8
  %.136 = add nsw i64 %arg.into.5.0, -6
  %.155 = sdiv i64 %.136, 3
  %.156 = srem i64 %.136, 3
  %.156.lobit = ashr i64 %.156, 63
  %.144.1 = add nsw i64 %.156.lobit, %.155
  %.3141471.not = icmp slt i64 %arg.edges.5.0, 1
  br i1 %.3141471.not, label %B2696, label %B144.lr.ph

B144.lr.ph:                                       ; preds = %B0.else.if
  %const = bitcast i64 -9223372036854775808 to i64
  %.181 = mul i64 %.144.1, 3
  %.184 = add i64 %.181, 5
  %.1628 = icmp slt i64 %.144.1, 0
  %.1629 = select i1 %.1628, i64 %arg.into.5.0, i64 0
  %.1630 = add i64 %.1629, %.181
  %.1658 = mul i64 %arg.into.5.2, %arg.into.5.1
  %.1660 = mul i64 %.1630, %.1658
  %0 = getelementptr double, ptr %arg.into.4, i64 %.1660
  %.1998 = sitofp i64 %arg.pattern.5.0 to double
  %.2110 = add nsw i64 %arg.pattern.5.1, -1
  %.2111 = sitofp i64 %.2110 to double
  %.2258 = add nsw i64 %.181, 1
  %.2650 = sitofp i64 %.144.1 to double
  %.2993 = shl nsw i64 %.144.1, 1
  %.3182 = icmp slt i64 %.144.1, -1
  %.3183 = select i1 %.3182, i64 %arg.into.5.0, i64 0
  %.3184 = add i64 %.184, %.3183
  %.3214 = mul i64 %.3184, %.1658
  %1 = getelementptr double, ptr %arg.into.4, i64 %.3214
  %.2353.us = add i64 %.181, 2
  %.2412.us = icmp slt i64 %.181, -1
  %.2413.us = select i1 %.2412.us, i64 %arg.into.5.0, i64 0
  %.2414.us = add i64 %.2258, %.2413.us
  %.2444.us = mul i64 %.2414.us, %.1658
  %.2353.us.1 = add i64 %.181, 3
  %.2412.us.1 = icmp slt i64 %.2353.us, 0
  %.2413.us.1 = select i1 %.2412.us.1, i64 %arg.into.5.0, i64 0
  %.2414.us.1 = add i64 %.2413.us.1, %.2353.us
  %.2444.us.1 = mul i64 %.2414.us.1, %.1658
  %.2353.us.2 = add i64 %.181, 4
  %.2412.us.2 = icmp slt i64 %.2353.us.1, 0
  %.2413.us.2 = select i1 %.2412.us.2, i64 %arg.into.5.0, i64 0
  %.2414.us.2 = add i64 %.2413.us.2, %.2353.us.1
  %.2444.us.2 = mul i64 %.2414.us.2, %.1658
  %.2412.us.3 = icmp slt i64 %.2353.us.2, 0
  %.2413.us.3 = select i1 %.2412.us.3, i64 %arg.into.5.0, i64 0
  %.2414.us.3 = add i64 %.2413.us.3, %.2353.us.2
  %.2444.us.3 = mul i64 %.2414.us.3, %.1658
  %.2412.us.4 = icmp slt i64 %.184, 0
  %.2413.us.4 = select i1 %.2412.us.4, i64 %arg.into.5.0, i64 0
  %.2414.us.4 = add i64 %.2413.us.4, %.184
  %.2444.us.4 = mul i64 %.2414.us.4, %.1658
  br label %B144.endif

B384:                                             ; preds = %B144.endif
  %.834 = fcmp nsz contract ole double %.826, 0.000000e+00
  %.838 = fcmp nsz contract ole double %arg.tz, %.629
  %or.cond = select i1 %.834, i1 %.838, i1 false
  br i1 %or.cond, label %B2698, label %B558

B558:                                             ; preds = %B384
  %.918 = fdiv nsz contract double %.731, %.6.i
  %.982 = fdiv nsz contract double %.788, %.6.i
  %.1136 = fmul nsz contract double %.519, 2.000000e-01
  %.1146 = fmul nsz contract double %.574, 2.000000e-01
  %.1117 = fmul nsz contract double %.6.i, 0x3FB2492492492492
  %.1132 = fmul nsz contract double %.918, %.1117
  %.1134 = fadd nsz contract double %.409, %.1132
  %.1137 = fadd nsz contract double %.1136, %.1134
  %.1140 = fmul nsz contract double %.982, %.1117
  %.1144 = fadd nsz contract double %.464, %.1140
  %.1147 = fadd nsz contract double %.1146, %.1144
  %.44.i = fsub nsz contract double %.1137, %arg.tx
  %.47.i = fsub nsz contract double %.1147, %arg.ty
  %.6.i.i = tail call nsz contract double @hypot(double %.44.i, double %.47.i)
  %.78.i = fmul nsz contract double %.6.i.i, 1.500000e+00
  %.5.i.i = fptosi double %.78.i to i64
  %.187152.not.i = icmp slt i64 %.5.i.i, 1
  br i1 %.187152.not.i, label %B658.endif.endif.endif.sink.split, label %B134.lr.ph.i

B134.i:                                           ; preds = %B134.lr.ph.i, %B489.i
  %.193151153.i = phi i64 [ 1, %B134.lr.ph.i ], [ %.200.i, %B489.i ]
  %.200.i = add nuw i64 %.193151153.i, 1
  %.226.i = sitofp i64 %.193151153.i to double
  %.231.i = fdiv nsz contract double %.226.i, %.227.i
  %.237.i = fmul nsz contract double %.6.i.i, %.231.i
  %.238.i = fcmp nsz contract olt double %.237.i, 6.700000e-01
  br i1 %.238.i, label %B489.i, label %B164.i

B164.i:                                           ; preds = %B134.i
  %.241.i = fsub nsz contract double 1.000000e+00, %.231.i
  %.243.i = fmul nsz contract double %.6.i.i, %.241.i
  %.244.i = fcmp nsz contract olt double %.243.i, 6.700000e-01
  br i1 %.244.i, label %B489.i, label %B190.i

B190.i:                                           ; preds = %B164.i
  %.253.i = fmul nsz contract double %.47.i, %.231.i
  %.255.i = fadd nsz contract double %arg.ty, %.253.i
  %.256.i = tail call nsz contract double @llvm.floor.f64(double %.255.i)
  %.257.i = fptosi double %.256.i to i64
  %.262.i = fmul nsz contract double %.44.i, %.231.i
  %.264.i = fadd nsz contract double %arg.tx, %.262.i
  %.265.i = tail call nsz contract double @llvm.floor.f64(double %.264.i)
  %.266.i = fptosi double %.265.i to i64
  %.274.i = icmp sgt i64 %.257.i, -1
  %.306.i = icmp sgt i64 %arg.height.5.0, %.257.i
  %or.cond.i = select i1 %.274.i, i1 %.306.i, i1 false
  %.342.i = icmp sgt i64 %.266.i, -1
  %or.cond148.i = select i1 %or.cond.i, i1 %.342.i, i1 false
  %.369.i = icmp sgt i64 %arg.height.5.1, %.266.i
  %or.cond149.i = select i1 %or.cond148.i, i1 %.369.i, i1 false
  br i1 %or.cond149.i, label %B418.i, label %B489.i

B418.i:                                           ; preds = %B190.i
  %.439.i = mul i64 %arg.height.5.1, %.257.i
  %2 = getelementptr float, ptr %arg.height.4, i64 %.439.i
  %.443.i = getelementptr float, ptr %2, i64 %.266.i
  %.444.i = load float, ptr %.443.i, align 4
  %.451.i = fmul nsz contract double %.449.i, %.231.i
  %.455.i = fadd nsz contract double %arg.tz, %.451.i
  %.456.i = fadd nsz contract double %.455.i, 5.000000e-02
  %.457.i = fpext float %.444.i to double
  %.458.i = fcmp nsz contract olt double %.456.i, %.457.i
  br i1 %.458.i, label %B558.1, label %B489.i

B489.i:                                           ; preds = %B418.i, %B190.i, %B164.i, %B134.i
  %3 = add i64 %4, %.200.i
  %exitcond.i = icmp eq i64 %3, 1
  br i1 %exitcond.i, label %B658.endif.endif.endif.sink.split, label %B134.i

B134.lr.ph.i:                                     ; preds = %B558
  %.103.i = add nuw i64 %.5.i.i, 1
  %.227.i = sitofp i64 %.103.i to double
  %.449.i = fsub nsz contract double %.629, %arg.tz
  %4 = mul i64 %.5.i.i, -1
  br label %B134.i

B558.1:                                           ; preds = %B418.i
  %.1117.1 = fmul nsz contract double %.6.i, 0x3FCB6DB6DB6DB6DB
  %.1132.1 = fmul nsz contract double %.918, %.1117.1
  %.1134.1 = fadd nsz contract double %.409, %.1132.1
  %.1137.1 = fadd nsz contract double %.1136, %.1134.1
  %.1140.1 = fmul nsz contract double %.982, %.1117.1
  %.1144.1 = fadd nsz contract double %.464, %.1140.1
  %.1147.1 = fadd nsz contract double %.1146, %.1144.1
  %.44.i114 = fsub nsz contract double %.1137.1, %arg.tx
  %.47.i115 = fsub nsz contract double %.1147.1, %arg.ty
  %.6.i.i116 = tail call nsz contract double @hypot(double %.44.i114, double %.47.i115)
  %.78.i117 = fmul nsz contract double %.6.i.i116, 1.500000e+00
  %.5.i.i118 = fptosi double %.78.i117 to i64
  %.187152.not.i119 = icmp slt i64 %.5.i.i118, 1
  br i1 %.187152.not.i119, label %B658.endif.endif.endif.sink.split, label %B134.lr.ph.i120

B134.i124:                                        ; preds = %B134.lr.ph.i120, %B489.i151
  %.193151153.i125 = phi i64 [ 1, %B134.lr.ph.i120 ], [ %.200.i126, %B489.i151 ]
  %.200.i126 = add nuw i64 %.193151153.i125, 1
  %.226.i127 = sitofp i64 %.193151153.i125 to double
  %.231.i128 = fdiv nsz contract double %.226.i127, %.227.i122
  %.237.i129 = fmul nsz contract double %.6.i.i116, %.231.i128
  %.238.i130 = fcmp nsz contract olt double %.237.i129, 6.700000e-01
  br i1 %.238.i130, label %B489.i151, label %B164.i131

B164.i131:                                        ; preds = %B134.i124
  %.241.i132 = fsub nsz contract double 1.000000e+00, %.231.i128
  %.243.i133 = fmul nsz contract double %.6.i.i116, %.241.i132
  %.244.i134 = fcmp nsz contract olt double %.243.i133, 6.700000e-01
  br i1 %.244.i134, label %B489.i151, label %B190.i135

B190.i135:                                        ; preds = %B164.i131
  %.253.i136 = fmul nsz contract double %.47.i115, %.231.i128
  %.255.i137 = fadd nsz contract double %arg.ty, %.253.i136
  %.256.i138 = tail call nsz contract double @llvm.floor.f64(double %.255.i137)
  %.257.i139 = fptosi double %.256.i138 to i64
  %.262.i140 = fmul nsz contract double %.44.i114, %.231.i128
  %.264.i141 = fadd nsz contract double %arg.tx, %.262.i140
  %.265.i142 = tail call nsz contract double @llvm.floor.f64(double %.264.i141)
  %.266.i143 = fptosi double %.265.i142 to i64
  %.274.i144 = icmp sgt i64 %.257.i139, -1
  %.306.i145 = icmp sgt i64 %arg.height.5.0, %.257.i139
  %or.cond.i146 = select i1 %.274.i144, i1 %.306.i145, i1 false
  %.342.i147 = icmp sgt i64 %.266.i143, -1
  %or.cond148.i148 = select i1 %or.cond.i146, i1 %.342.i147, i1 false
  %.369.i149 = icmp sgt i64 %arg.height.5.1, %.266.i143
  %or.cond149.i150 = select i1 %or.cond148.i148, i1 %.369.i149, i1 false
  br i1 %or.cond149.i150, label %B418.i154, label %B489.i151

B418.i154:                                        ; preds = %B190.i135
  %.439.i155 = mul i64 %arg.height.5.1, %.257.i139
  %5 = getelementptr float, ptr %arg.height.4, i64 %.439.i155
  %.443.i156 = getelementptr float, ptr %5, i64 %.266.i143
  %.444.i157 = load float, ptr %.443.i156, align 4
  %.451.i158 = fmul nsz contract double %.449.i, %.231.i128
  %.455.i159 = fadd nsz contract double %arg.tz, %.451.i158
  %.456.i160 = fadd nsz contract double %.455.i159, 5.000000e-02
  %.457.i161 = fpext float %.444.i157 to double
  %.458.i162 = fcmp nsz contract olt double %.456.i160, %.457.i161
  br i1 %.458.i162, label %B558.2, label %B489.i151

B489.i151:                                        ; preds = %B418.i154, %B190.i135, %B164.i131, %B134.i124
  %6 = add i64 %7, %.200.i126
  %exitcond.i152 = icmp eq i64 %6, 1
  br i1 %exitcond.i152, label %B658.endif.endif.endif.sink.split, label %B134.i124

B134.lr.ph.i120:                                  ; preds = %B558.1
  %.103.i121 = add nuw i64 %.5.i.i118, 1
  %.227.i122 = sitofp i64 %.103.i121 to double
  %7 = mul i64 %.5.i.i118, -1
  br label %B134.i124

B558.2:                                           ; preds = %B418.i154
  %.1117.2 = fmul nsz contract double %.6.i, 0x3FD6DB6DB6DB6DB7
  %.1132.2 = fmul nsz contract double %.918, %.1117.2
  %.1134.2 = fadd nsz contract double %.409, %.1132.2
  %.1137.2 = fadd nsz contract double %.1136, %.1134.2
  %.1140.2 = fmul nsz contract double %.982, %.1117.2
  %.1144.2 = fadd nsz contract double %.464, %.1140.2
  %.1147.2 = fadd nsz contract double %.1146, %.1144.2
  %.44.i164 = fsub nsz contract double %.1137.2, %arg.tx
  %.47.i165 = fsub nsz contract double %.1147.2, %arg.ty
  %.6.i.i166 = tail call nsz contract double @hypot(double %.44.i164, double %.47.i165)
  %.78.i167 = fmul nsz contract double %.6.i.i166, 1.500000e+00
  %.5.i.i168 = fptosi double %.78.i167 to i64
  %.187152.not.i169 = icmp slt i64 %.5.i.i168, 1
  br i1 %.187152.not.i169, label %B658.endif.endif.endif.sink.split, label %B134.lr.ph.i170

B134.i174:                                        ; preds = %B134.lr.ph.i170, %B489.i201
  %.193151153.i175 = phi i64 [ 1, %B134.lr.ph.i170 ], [ %.200.i176, %B489.i201 ]
  %.200.i176 = add nuw i64 %.193151153.i175, 1
  %.226.i177 = sitofp i64 %.193151153.i175 to double
  %.231.i178 = fdiv nsz contract double %.226.i177, %.227.i172
  %.237.i179 = fmul nsz contract double %.6.i.i166, %.231.i178
  %.238.i180 = fcmp nsz contract olt double %.237.i179, 6.700000e-01
  br i1 %.238.i180, label %B489.i201, label %B164.i181

B164.i181:                                        ; preds = %B134.i174
  %.241.i182 = fsub nsz contract double 1.000000e+00, %.231.i178
  %.243.i183 = fmul nsz contract double %.6.i.i166, %.241.i182
  %.244.i184 = fcmp nsz contract olt double %.243.i183, 6.700000e-01
  br i1 %.244.i184, label %B489.i201, label %B190.i185

B190.i185:                                        ; preds = %B164.i181
  %.253.i186 = fmul nsz contract double %.47.i165, %.231.i178
  %.255.i187 = fadd nsz contract double %arg.ty, %.253.i186
  %.256.i188 = tail call nsz contract double @llvm.floor.f64(double %.255.i187)
  %.257.i189 = fptosi double %.256.i188 to i64
  %.262.i190 = fmul nsz contract double %.44.i164, %.231.i178
  %.264.i191 = fadd nsz contract double %arg.tx, %.262.i190
  %.265.i192 = tail call nsz contract double @llvm.floor.f64(double %.264.i191)
  %.266.i193 = fptosi double %.265.i192 to i64
  %.274.i194 = icmp sgt i64 %.257.i189, -1
  %.306.i195 = icmp sgt i64 %arg.height.5.0, %.257.i189
  %or.cond.i196 = select i1 %.274.i194, i1 %.306.i195, i1 false
  %.342.i197 = icmp sgt i64 %.266.i193, -1
  %or.cond148.i198 = select i1 %or.cond.i196, i1 %.342.i197, i1 false
  %.369.i199 = icmp sgt i64 %arg.height.5.1, %.266.i193
  %or.cond149.i200 = select i1 %or.cond148.i198, i1 %.369.i199, i1 false
  br i1 %or.cond149.i200, label %B418.i204, label %B489.i201

B418.i204:                                        ; preds = %B190.i185
  %.439.i205 = mul i64 %arg.height.5.1, %.257.i189
  %8 = getelementptr float, ptr %arg.height.4, i64 %.439.i205
  %.443.i206 = getelementptr float, ptr %8, i64 %.266.i193
  %.444.i207 = load float, ptr %.443.i206, align 4
  %.451.i208 = fmul nsz contract double %.449.i, %.231.i178
  %.455.i209 = fadd nsz contract double %arg.tz, %.451.i208
  %.456.i210 = fadd nsz contract double %.455.i209, 5.000000e-02
  %.457.i211 = fpext float %.444.i207 to double
  %.458.i212 = fcmp nsz contract olt double %.456.i210, %.457.i211
  br i1 %.458.i212, label %B558.3, label %B489.i201

B489.i201:                                        ; preds = %B418.i204, %B190.i185, %B164.i181, %B134.i174
  %9 = add i64 %10, %.200.i176
  %exitcond.i202 = icmp eq i64 %9, 1
  br i1 %exitcond.i202, label %B658.endif.endif.endif.sink.split, label %B134.i174

B134.lr.ph.i170:                                  ; preds = %B558.2
  %.103.i171 = add nuw i64 %.5.i.i168, 1
  %.227.i172 = sitofp i64 %.103.i171 to double
  %10 = mul i64 %.5.i.i168, -1
  br label %B134.i174

B558.3:                                           ; preds = %B418.i204
  %.1117.3 = fmul nsz contract double %.6.i, 5.000000e-01
  %.1132.3 = fmul nsz contract double %.918, %.1117.3
  %.1134.3 = fadd nsz contract double %.409, %.1132.3
  %.1137.3 = fadd nsz contract double %.1136, %.1134.3
  %.1140.3 = fmul nsz contract double %.982, %.1117.3
  %.1144.3 = fadd nsz contract double %.464, %.1140.3
  %.1147.3 = fadd nsz contract double %.1146, %.1144.3
  %.44.i214 = fsub nsz contract double %.1137.3, %arg.tx
  %.47.i215 = fsub nsz contract double %.1147.3, %arg.ty
  %.6.i.i216 = tail call nsz contract double @hypot(double %.44.i214, double %.47.i215)
  %.78.i217 = fmul nsz contract double %.6.i.i216, 1.500000e+00
  %.5.i.i218 = fptosi double %.78.i217 to i64
  %.187152.not.i219 = icmp slt i64 %.5.i.i218, 1
  br i1 %.187152.not.i219, label %B658.endif.endif.endif.sink.split, label %B134.lr.ph.i220

B134.i224:                                        ; preds = %B134.lr.ph.i220, %B489.i251
  %.193151153.i225 = phi i64 [ 1, %B134.lr.ph.i220 ], [ %.200.i226, %B489.i251 ]
  %.200.i226 = add nuw i64 %.193151153.i225, 1
  %.226.i227 = sitofp i64 %.193151153.i225 to double
  %.231.i228 = fdiv nsz contract double %.226.i227, %.227.i222
  %.237.i229 = fmul nsz contract double %.6.i.i216, %.231.i228
  %.238.i230 = fcmp nsz contract olt double %.237.i229, 6.700000e-01
  br i1 %.238.i230, label %B489.i251, label %B164.i231

B164.i231:                                        ; preds = %B134.i224
  %.241.i232 = fsub nsz contract double 1.000000e+00, %.231.i228
  %.243.i233 = fmul nsz contract double %.6.i.i216, %.241.i232
  %.244.i234 = fcmp nsz contract olt double %.243.i233, 6.700000e-01
  br i1 %.244.i234, label %B489.i251, label %B190.i235

B190.i235:                                        ; preds = %B164.i231
  %.253.i236 = fmul nsz contract double %.47.i215, %.231.i228
  %.255.i237 = fadd nsz contract double %arg.ty, %.253.i236
  %.256.i238 = tail call nsz contract double @llvm.floor.f64(double %.255.i237)
  %.257.i239 = fptosi double %.256.i238 to i64
  %.262.i240 = fmul nsz contract double %.44.i214, %.231.i228
  %.264.i241 = fadd nsz contract double %arg.tx, %.262.i240
  %.265.i242 = tail call nsz contract double @llvm.floor.f64(double %.264.i241)
  %.266.i243 = fptosi double %.265.i242 to i64
  %.274.i244 = icmp sgt i64 %.257.i239, -1
  %.306.i245 = icmp sgt i64 %arg.height.5.0, %.257.i239
  %or.cond.i246 = select i1 %.274.i244, i1 %.306.i245, i1 false
  %.342.i247 = icmp sgt i64 %.266.i243, -1
  %or.cond148.i248 = select i1 %or.cond.i246, i1 %.342.i247, i1 false
  %.369.i249 = icmp sgt i64 %arg.height.5.1, %.266.i243
  %or.cond149.i250 = select i1 %or.cond148.i248, i1 %.369.i249, i1 false
  br i1 %or.cond149.i250, label %B418.i254, label %B489.i251

B418.i254:                                        ; preds = %B190.i235
  %.439.i255 = mul i64 %arg.height.5.1, %.257.i239
  %11 = getelementptr float, ptr %arg.height.4, i64 %.439.i255
  %.443.i256 = getelementptr float, ptr %11, i64 %.266.i243
  %.444.i257 = load float, ptr %.443.i256, align 4
  %.451.i258 = fmul nsz contract double %.449.i, %.231.i228
  %.455.i259 = fadd nsz contract double %arg.tz, %.451.i258
  %.456.i260 = fadd nsz contract double %.455.i259, 5.000000e-02
  %.457.i261 = fpext float %.444.i257 to double
  %.458.i262 = fcmp nsz contract olt double %.456.i260, %.457.i261
  br i1 %.458.i262, label %B558.4, label %B489.i251

B489.i251:                                        ; preds = %B418.i254, %B190.i235, %B164.i231, %B134.i224
  %12 = add i64 %13, %.200.i226
  %exitcond.i252 = icmp eq i64 %12, 1
  br i1 %exitcond.i252, label %B658.endif.endif.endif.sink.split, label %B134.i224

B134.lr.ph.i220:                                  ; preds = %B558.3
  %.103.i221 = add nuw i64 %.5.i.i218, 1
  %.227.i222 = sitofp i64 %.103.i221 to double
  %13 = mul i64 %.5.i.i218, -1
  br label %B134.i224

B558.4:                                           ; preds = %B418.i254
  %.1117.4 = fmul nsz contract double %.6.i, 0x3FE4924924924925
  %.1132.4 = fmul nsz contract double %.918, %.1117.4
  %.1134.4 = fadd nsz contract double %.409, %.1132.4
  %.1137.4 = fadd nsz contract double %.1136, %.1134.4
  %.1140.4 = fmul nsz contract double %.982, %.1117.4
  %.1144.4 = fadd nsz contract double %.464, %.1140.4
  %.1147.4 = fadd nsz contract double %.1146, %.1144.4
  %.44.i264 = fsub nsz contract double %.1137.4, %arg.tx
  %.47.i265 = fsub nsz contract double %.1147.4, %arg.ty
  %.6.i.i266 = tail call nsz contract double @hypot(double %.44.i264, double %.47.i265)
  %.78.i267 = fmul nsz contract double %.6.i.i266, 1.500000e+00
  %.5.i.i268 = fptosi double %.78.i267 to i64
  %.187152.not.i269 = icmp slt i64 %.5.i.i268, 1
  br i1 %.187152.not.i269, label %B658.endif.endif.endif.sink.split, label %B134.lr.ph.i270

B134.i274:                                        ; preds = %B134.lr.ph.i270, %B489.i301
  %.193151153.i275 = phi i64 [ 1, %B134.lr.ph.i270 ], [ %.200.i276, %B489.i301 ]
  %.200.i276 = add nuw i64 %.193151153.i275, 1
  %.226.i277 = sitofp i64 %.193151153.i275 to double
  %.231.i278 = fdiv nsz contract double %.226.i277, %.227.i272
  %.237.i279 = fmul nsz contract double %.6.i.i266, %.231.i278
  %.238.i280 = fcmp nsz contract olt double %.237.i279, 6.700000e-01
  br i1 %.238.i280, label %B489.i301, label %B164.i281

B164.i281:                                        ; preds = %B134.i274
  %.241.i282 = fsub nsz contract double 1.000000e+00, %.231.i278
  %.243.i283 = fmul nsz contract double %.6.i.i266, %.241.i282
  %.244.i284 = fcmp nsz contract olt double %.243.i283, 6.700000e-01
  br i1 %.244.i284, label %B489.i301, label %B190.i285

B190.i285:                                        ; preds = %B164.i281
  %.253.i286 = fmul nsz contract double %.47.i265, %.231.i278
  %.255.i287 = fadd nsz contract double %arg.ty, %.253.i286
  %.256.i288 = tail call nsz contract double @llvm.floor.f64(double %.255.i287)
  %.257.i289 = fptosi double %.256.i288 to i64
  %.262.i290 = fmul nsz contract double %.44.i264, %.231.i278
  %.264.i291 = fadd nsz contract double %arg.tx, %.262.i290
  %.265.i292 = tail call nsz contract double @llvm.floor.f64(double %.264.i291)
  %.266.i293 = fptosi double %.265.i292 to i64
  %.274.i294 = icmp sgt i64 %.257.i289, -1
  %.306.i295 = icmp sgt i64 %arg.height.5.0, %.257.i289
  %or.cond.i296 = select i1 %.274.i294, i1 %.306.i295, i1 false
  %.342.i297 = icmp sgt i64 %.266.i293, -1
  %or.cond148.i298 = select i1 %or.cond.i296, i1 %.342.i297, i1 false
  %.369.i299 = icmp sgt i64 %arg.height.5.1, %.266.i293
  %or.cond149.i300 = select i1 %or.cond148.i298, i1 %.369.i299, i1 false
  br i1 %or.cond149.i300, label %B418.i304, label %B489.i301

B418.i304:                                        ; preds = %B190.i285
  %.439.i305 = mul i64 %arg.height.5.1, %.257.i289
  %14 = getelementptr float, ptr %arg.height.4, i64 %.439.i305
  %.443.i306 = getelementptr float, ptr %14, i64 %.266.i293
  %.444.i307 = load float, ptr %.443.i306, align 4
  %.451.i308 = fmul nsz contract double %.449.i, %.231.i278
  %.455.i309 = fadd nsz contract double %arg.tz, %.451.i308
  %.456.i310 = fadd nsz contract double %.455.i309, 5.000000e-02
  %.457.i311 = fpext float %.444.i307 to double
  %.458.i312 = fcmp nsz contract olt double %.456.i310, %.457.i311
  br i1 %.458.i312, label %B558.5, label %B489.i301

B489.i301:                                        ; preds = %B418.i304, %B190.i285, %B164.i281, %B134.i274
  %15 = add i64 %16, %.200.i276
  %exitcond.i302 = icmp eq i64 %15, 1
  br i1 %exitcond.i302, label %B658.endif.endif.endif.sink.split, label %B134.i274

B134.lr.ph.i270:                                  ; preds = %B558.4
  %.103.i271 = add nuw i64 %.5.i.i268, 1
  %.227.i272 = sitofp i64 %.103.i271 to double
  %16 = mul i64 %.5.i.i268, -1
  br label %B134.i274

B558.5:                                           ; preds = %B418.i304
  store i8 0, ptr %.1153, align 1
  %.1117.5 = fmul nsz contract double %.6.i, 0x3FE9249249249249
  %.1132.5 = fmul nsz contract double %.918, %.1117.5
  %.1134.5 = fadd nsz contract double %.409, %.1132.5
  %.1137.5 = fadd nsz contract double %.1136, %.1134.5
  %.1140.5 = fmul nsz contract double %.982, %.1117.5
  %.1144.5 = fadd nsz contract double %.464, %.1140.5
  %.1147.5 = fadd nsz contract double %.1146, %.1144.5
  %.1161.5 = call i32 @part0(ptr nonnull %.1153, ptr nonnull %excinfo.2, ptr %arg.height.0, ptr %arg.height.1, i64 %arg.height.2, i64 %arg.height.3, ptr nonnull %arg.height.4, i64 %arg.height.5.0, i64 %arg.height.5.1, i64 %arg.height.6.0, i64 %arg.height.6.1, double %arg.tx, double %arg.ty, double %arg.tz, double %.1137.5, double %.1147.5, double %.629)
  %cond = icmp eq i32 %.1161.5, 0
  br i1 %cond, label %B646.5, label %common.ret

B646.5:                                           ; preds = %B558.5
  %.1171.5 = load i8, ptr %.1153, align 1
  %.1174.5.not = icmp eq i8 %.1171.5, 0
  br i1 %.1174.5.not, label %B558.6, label %B658.endif.endif.endif

B558.6:                                           ; preds = %B646.5
  %.1117.6 = fmul nsz contract double %.6.i, 0x3FEDB6DB6DB6DB6E
  %.1132.6 = fmul nsz contract double %.918, %.1117.6
  %.1134.6 = fadd nsz contract double %.409, %.1132.6
  %.1137.6 = fadd nsz contract double %.1136, %.1134.6
  %.1140.6 = fmul nsz contract double %.982, %.1117.6
  %.1144.6 = fadd nsz contract double %.464, %.1140.6
  %.1147.6 = fadd nsz contract double %.1146, %.1144.6
  %.1161.6 = call i32 @part0(ptr nonnull %.1153, ptr nonnull %excinfo.2, ptr %arg.height.0, ptr %arg.height.1, i64 %arg.height.2, i64 %arg.height.3, ptr nonnull %arg.height.4, i64 %arg.height.5.0, i64 %arg.height.5.1, i64 %arg.height.6.0, i64 %arg.height.6.1, double %arg.tx, double %arg.ty, double %arg.tz, double %.1137.6, double %.1147.6, double %.629)
  %cond443 = icmp eq i32 %.1161.6, 0
  br i1 %cond443, label %B650, label %common.ret

B650:                                             ; preds = %B558.6
  %.1171.6 = load i8, ptr %.1153, align 1
  %.1174.6.not = icmp eq i8 %.1171.6, 0
  br i1 %.1174.6.not, label %B2698, label %B658.endif.endif.endif

common.ret:                                       ; preds = %B2696, %B558.6, %B558.5
  %excinfo.sink = phi ptr [ %retptr, %B2696 ], [ %excinfo, %B558.6 ], [ %excinfo, %B558.5 ]
  %common.ret.op = phi i32 [ 0, %B2696 ], [ %.1161.6, %B558.6 ], [ %.1161.5, %B558.5 ]
  store ptr null, ptr %excinfo.sink, align 8
  ret i32 %common.ret.op

B2696:                                            ; preds = %B2698, %B0.else.if
  br label %common.ret

B2698:                                            ; preds = %B858.B800.loopexit_crit_edge.us, %B802.endif.lr.ph, %B658.endif.endif.endif, %B144.endif, %B650, %B384
  %exitcond1874.not = icmp eq i64 %.327, %arg.edges.5.0
  br i1 %exitcond1874.not, label %B2696, label %B144.endif

B144.endif:                                       ; preds = %B2698, %B144.lr.ph
  %.32013231480 = phi i64 [ 0, %B144.lr.ph ], [ %.327, %B2698 ]
  %.327 = add nuw nsw i64 %.32013231480, 1
  %.404 = mul i64 %.32013231480, %arg.edges.5.1
  %.408 = getelementptr double, ptr %arg.edges.4, i64 %.404
  %.409 = load double, ptr %.408, align 8
  %.463 = getelementptr i8, ptr %.408, i64 8
  %.464 = load double, ptr %.463, align 8
  %.518 = getelementptr i8, ptr %.408, i64 32
  %.519 = load double, ptr %.518, align 8
  %.573 = getelementptr i8, ptr %.408, i64 40
  %.574 = load double, ptr %.573, align 8
  %.628 = getelementptr i8, ptr %.408, i64 48
  %.629 = load double, ptr %.628, align 8
  %.728 = getelementptr i8, ptr %.408, i64 16
  %.729 = load double, ptr %.728, align 8
  %.731 = fsub nsz contract double %.729, %.409
  %.785 = getelementptr i8, ptr %.408, i64 24
  %.786 = load double, ptr %.785, align 8
  %.788 = fsub nsz contract double %.786, %.464
  %.6.i = tail call nsz contract double @hypot(double %.731, double %.788)
  %.818 = fsub nsz contract double %arg.tx, %.409
  %.820 = fmul nsz contract double %.818, %.519
  %.823 = fsub nsz contract double %arg.ty, %.464
  %.825 = fmul nsz contract double %.823, %.574
  %.826 = fadd nsz contract double %.820, %.825
  %.831 = fcmp nsz contract olt double %.6.i, 5.000000e-01
  br i1 %.831, label %B2698, label %B384

B658.endif.endif.endif.sink.split:                ; preds = %B489.i301, %B558.4, %B489.i251, %B558.3, %B489.i201, %B558.2, %B489.i151, %B558.1, %B489.i, %B558
  store i8 1, ptr %.1153, align 1
  br label %B658.endif.endif.endif

B658.endif.endif.endif:                           ; preds = %B658.endif.endif.endif.sink.split, %B650, %B646.5
  %17 = icmp slt i64 %arg.into.5.1, 1
  %.1232 = fmul nsz contract double %.818, %.918
  %.1237 = fmul nsz contract double %.823, %.982
  %.1238 = fadd nsz contract double %.1232, %.1237
  %.1241 = fsub nsz contract double %arg.tz, %.629
  %.1246 = fdiv nsz contract double %.1241, %arg.cell_m
  %.6.i314 = tail call nsz contract double @hypot(double %.826, double %.1246)
  br i1 %17, label %B2698, label %B802.endif.lr.ph

B802.endif.lr.ph:                                 ; preds = %B658.endif.endif.endif
  %18 = icmp slt i64 %arg.into.5.2, 1
  %.1747 = fsub nsz contract double %.629, %arg.receiver_m
  %.1752 = fdiv nsz contract double %.1747, %arg.cell_m
  %.1857 = fsub nsz contract double %.629, %arg.tz
  %.1870 = fsub nsz contract double %arg.receiver_m, %.629
  %.1874 = fmul nsz contract double %.1857, %.1857
  %.1908 = fmul nsz contract double %.1870, %.1870
  %.1942 = fmul nsz contract double %.1857, %.1870
  br i1 %18, label %B2698, label %B802.endif.us.preheader

B802.endif.us.preheader:                          ; preds = %B802.endif.lr.ph
  br label %B802.endif.us

B802.endif.us:                                    ; preds = %B858.B800.loopexit_crit_edge.us, %B802.endif.us.preheader
  %.138511001160.us = phi i64 [ %.1392.us, %B858.B800.loopexit_crit_edge.us ], [ 0, %B802.endif.us.preheader ]
  %.1567.us = add nsw i64 %.138511001160.us, %arg.first_row
  %.1568.us = sitofp i64 %.1567.us to double
  %.1569.us = fadd nsz contract double %.1568.us, 5.000000e-01
  %.1583.us = fsub nsz contract double %.1569.us, %.464
  %.1585.us = fmul nsz contract double %.574, %.1583.us
  %.1662.us = mul i64 %.138511001160.us, %arg.into.5.2
  %19 = getelementptr double, ptr %0, i64 %.1662.us
  %.1703.us = icmp slt i64 %.1567.us, 0
  %.1704.us = select i1 %.1703.us, i64 %arg.height.5.0, i64 0
  %.1705.us = add i64 %.1704.us, %.1567.us
  %.1725.us = mul i64 %.1705.us, %arg.height.5.1
  %20 = getelementptr float, ptr %arg.height.4, i64 %.1725.us
  %.1791.us = fmul nsz contract double %.982, %.1583.us
  %invariant.gep.us = getelementptr double, ptr %arg.into.4, i64 %.1662.us
  %21 = getelementptr double, ptr %1, i64 %.1662.us
  br label %B860.us

B860.us:                                          ; preds = %B2697.us, %B802.endif.us
  %.152510301076.us = phi i64 [ 0, %B802.endif.us ], [ %.1532.us, %B2697.us ]
  %.1532.us = add nuw nsw i64 %.152510301076.us, 1
  %.1562.us = add nsw i64 %.152510301076.us, %arg.first_col
  %.1563.us = sitofp i64 %.1562.us to double
  %.1564.us = fadd nsz contract double %.1563.us, 5.000000e-01
  %.1578.us = fsub nsz contract double %.1564.us, %.409
  %.1580.us = fmul nsz contract double %.519, %.1578.us
  %.1586.us = fadd nsz contract double %.1585.us, %.1580.us
  %.1591.us = fcmp nsz contract ugt double %.1586.us, 0.000000e+00
  br i1 %.1591.us, label %B940.us, label %B2697.us

B940.us:                                          ; preds = %B860.us
  %.1666.us = getelementptr double, ptr %19, i64 %.152510301076.us
  %.1667.us = load double, ptr %.1666.us, align 8
  %.1671.us = fcmp nsz contract ogt double %.1667.us, 0.000000e+00
  br i1 %.1671.us, label %B2697.us, label %B970.us

B970.us:                                          ; preds = %B940.us
  %.1706.us = icmp slt i64 %.1562.us, 0
  %.1707.us = select i1 %.1706.us, i64 %arg.height.5.1, i64 0
  %22 = getelementptr float, ptr %20, i64 %.1562.us
  %.1729.us = getelementptr float, ptr %22, i64 %.1707.us
  %.1730.us = load float, ptr %.1729.us, align 4
  %.1734.us = fcmp nsz contract ogt float %.1730.us, 0.000000e+00
  br i1 %.1734.us, label %B2697.us, label %B1012.endif.endif.us

B1012.endif.endif.us:                             ; preds = %B970.us
  %.6.i315 = tail call nsz contract double @hypot(double %.1586.us, double %.1752)
  %.1781.us = fmul nsz contract double %.1238, %.6.i315
  %.1786.us = fmul nsz contract double %.918, %.1578.us
  %.1792.us = fadd nsz contract double %.1791.us, %.1786.us
  %.1794.us = fmul nsz contract double %.6.i314, %.1792.us
  %.1795.us = fadd nsz contract double %.1794.us, %.1781.us
  %.1797.us = fadd nsz contract double %.6.i314, %.6.i315
  %.1801.us = fdiv nsz contract double %.1795.us, %.1797.us
  %.1806.us = fcmp nsz contract olt double %.1801.us, 0.000000e+00
  %.1810.us = fcmp nsz contract ogt double %.1801.us, %.6.i
  %or.cond877.us = or i1 %.1806.us, %.1810.us
  br i1 %or.cond877.us, label %B2697.us, label %B1156.endif.endif.endif.endif.us

B1156.endif.endif.endif.endif.us:                 ; preds = %B1012.endif.endif.us
  %23 = icmp ne i64 %arg.pattern.5.0, -1
  %24 = icmp ne i64 %arg.pattern.5.0, 0
  %.1823.us = fmul nsz contract double %.918, %.1801.us
  %.1825.us = fadd nsz contract double %.409, %.1823.us
  %.1828.us = fadd nsz contract double %.1136, %.1825.us
  %.1831.us = fmul nsz contract double %.982, %.1801.us
  %.1835.us = fadd nsz contract double %.464, %.1831.us
  %.1838.us = fadd nsz contract double %.1146, %.1835.us
  %.1847.us = fsub nsz contract double %.1828.us, %arg.tx
  %.1849.us = fmul nsz contract double %arg.cell_m, %.1847.us
  %.1852.us = fsub nsz contract double %.1838.us, %arg.ty
  %.1854.us = fmul nsz contract double %arg.cell_m, %.1852.us
  %.1860.us = fsub nsz contract double %.1564.us, %.1828.us
  %.1862.us = fmul nsz contract double %arg.cell_m, %.1860.us
  %.1865.us = fsub nsz contract double %.1569.us, %.1838.us
  %.1867.us = fmul nsz contract double %arg.cell_m, %.1865.us
  %.1871.us = fmul nsz contract double %.1849.us, %.1849.us
  %.1872.us = fmul nsz contract double %.1854.us, %.1854.us
  %.1873.us = fadd nsz contract double %.1871.us, %.1872.us
  %.1875.us = fadd nsz contract double %.1874, %.1873.us
  %sqrt.us = tail call nsz contract double @llvm.sqrt.f64(double %.1875.us)
  %.12.i = fcmp nsz contract olt double %sqrt.us, 1.000000e-01
  %.13.i = select i1 %.12.i, double 1.000000e-01, double %sqrt.us
  %.1905.us = fmul nsz contract double %.1862.us, %.1862.us
  %.1906.us = fmul nsz contract double %.1867.us, %.1867.us
  %.1907.us = fadd nsz contract double %.1905.us, %.1906.us
  %.1909.us = fadd nsz contract double %.1908, %.1907.us
  %sqrt883.us = tail call nsz contract double @llvm.sqrt.f64(double %.1909.us)
  %.12.i316 = fcmp nsz contract olt double %sqrt883.us, 1.000000e-01
  %.13.i317 = select i1 %.12.i316, double 1.000000e-01, double %sqrt883.us
  %.1939.us = fmul nsz contract double %.1849.us, %.1862.us
  %.1940.us = fmul nsz contract double %.1854.us, %.1867.us
  %.1941.us = fadd nsz contract double %.1939.us, %.1940.us
  %.1943.us = fadd nsz contract double %.1942, %.1941.us
  %.1944.us = fmul nsz contract double %.13.i, %.13.i317
  %.1948.us = fdiv nsz contract double %.1943.us, %.1944.us
  %.1949.us = fmul nsz contract double %.1948.us, 2.000000e+00
  %.1950.us = fsub nsz contract double 2.000000e+00, %.1949.us
  %.12.i318 = fcmp nsz contract olt double %.1950.us, 0.000000e+00
  %.13.i319 = select i1 %.12.i318, double 0.000000e+00, double %.1950.us
  %sqrt = tail call nsz contract double @llvm.sqrt.f64(double %.13.i319)
  %.1980.us = fmul nsz contract double %.13.i, 2.000000e+00
  %.1981.us = fmul nsz contract double %.13.i317, %.1980.us
  %.1982.us = fadd nsz contract double %.13.i, %.13.i317
  %.1984.us = fmul nsz contract double %arg.wavelength, %.1982.us
  %.1988.us = fdiv nsz contract double %.1981.us, %.1984.us
  %.1989.us = tail call nsz contract double @sqrt(double %.1988.us)
  %.1990.us = fmul nsz contract double %sqrt, %.1989.us
  %.1991.us = tail call nsz contract double @atan2(double %.1854.us, double %.1849.us)
  %.1996.us = fdiv nsz contract double %.1991.us, 0x401921FB54442D18
  %.1999.us = fmul nsz contract double %.1996.us, %.1998
  %.2000.us = tail call nsz contract double @llvm.floor.f64(double %.1999.us)
  %.2001.us = fptosi double %.2000.us to i64
  %.2016.us = icmp ne i64 %.2001.us, %const
  %.2018.not.us = or i1 %23, %.2016.us
  %or.cond1492 = select i1 %24, i1 %.2018.not.us, i1 false
  br i1 %or.cond1492, label %B1156.endif.endif.endif.endif.endif.endif.else.if.us, label %B1156.endif.endif.endif.e...endif.endif.endif.endif.us

B1156.endif.endif.endif.endif.endif.endif.else.if.us: ; preds = %B1156.endif.endif.endif.endif.us
  %25 = or i64 %.2001.us, %arg.pattern.5.0
  %26 = and i64 %25, -4294967296
  %27 = icmp eq i64 %26, 0
  br i1 %27, label %28, label %33

28:                                               ; preds = %B1156.endif.endif.endif.endif.endif.endif.else.if.us
  %29 = trunc i64 %arg.pattern.5.0 to i32
  %30 = trunc i64 %.2001.us to i32
  %31 = urem i32 %30, %29
  %32 = zext i32 %31 to i64
  br label %35

33:                                               ; preds = %B1156.endif.endif.endif.endif.endif.endif.else.if.us
  %34 = srem i64 %.2001.us, %arg.pattern.5.0
  br label %35

35:                                               ; preds = %33, %28
  %36 = phi i64 [ %32, %28 ], [ %34, %33 ]
  %.2023.us = xor i64 %36, %arg.pattern.5.0
  %.2024.us = icmp slt i64 %.2023.us, 0
  %.2025.us = icmp ne i64 %36, 0
  %.2026.us = and i1 %.2025.us, %.2024.us
  %.2033.us = select i1 %.2026.us, i64 %arg.pattern.5.0, i64 0
  %spec.select878.us = add i64 %.2033.us, %36
  %37 = freeze i64 %spec.select878.us
  br label %B1156.endif.endif.endif.e...endif.endif.endif.endif.us

B1156.endif.endif.endif.e...endif.endif.endif.endif.us: ; preds = %35, %B1156.endif.endif.endif.endif.us
  %rem.1.0.us = phi i64 [ 0, %B1156.endif.endif.endif.endif.us ], [ %37, %35 ]
  %.2046.us = fdiv nsz contract double %.1857, %.13.i
  %.12.i320 = fcmp nsz contract olt double %.2046.us, 1.000000e+00
  %.13.i321 = select i1 %.12.i320, double %.2046.us, double 1.000000e+00
  %.12.i322 = fcmp nsz contract ogt double %.13.i321, -1.000000e+00
  %.13.i323 = select i1 %.12.i322, double %.13.i321, double -1.000000e+00
  %.2103.us = tail call nsz contract double @asin(double %.13.i323)
  %.2107.us = fdiv nsz contract double %.2103.us, 0x400921FB54442D18
  %.2108.us = fadd nsz contract double %.2107.us, 5.000000e-01
  %.2112.us = fmul nsz contract double %.2108.us, %.2111
  %.2113.us = fadd nsz contract double %.2112.us, 5.000000e-01
  %.5.i = fptosi double %.2113.us to i64
  %.2162.us = icmp slt i64 %rem.1.0.us, 0
  %spec.select = select i1 %.2162.us, i64 %arg.pattern.5.0, i64 0
  %.2164.us = add i64 %spec.select, %rem.1.0.us
  %.2165.us = icmp slt i64 %.5.i, 0
  %.2166.us = select i1 %.2165.us, i64 %arg.pattern.5.1, i64 0
  %.2184.us = mul i64 %.2164.us, %arg.pattern.5.1
  %38 = getelementptr double, ptr %arg.pattern.4, i64 %.2184.us
  %39 = getelementptr double, ptr %38, i64 %.5.i
  %.2188.us = getelementptr double, ptr %39, i64 %.2166.us
  %.2189.us = load double, ptr %.2188.us, align 8
  %.8.i = fcmp nsz contract ugt double %.1990.us, -7.800000e-01
  br i1 %.8.i, label %B20.i, label %B1156.endif.endif.endif.e...endif.1.us

B20.i:                                            ; preds = %B1156.endif.endif.endif.e...endif.endif.endif.endif.us
  %.15.i = fadd nsz contract double %.1990.us, -1.000000e-01
  %.147.i.i = fmul nsz contract double %.15.i, %.15.i
  %.42.i = fadd nsz contract double %.147.i.i, 1.000000e+00
  %sqrt.i = tail call nsz contract double @llvm.sqrt.f64(double %.42.i)
  %.45.i = fadd nsz contract double %.1990.us, %sqrt.i
  %.48.i = fadd nsz contract double %.45.i, -1.000000e-01
  %.49.i = tail call nsz contract double @llvm.log10.f64(double %.48.i)
  %.50.i = fmul nsz contract double %.49.i, 2.000000e+01
  %.51.i = fadd nsz contract double %.50.i, 6.900000e+00
  %40 = fmul nsz contract double %.51.i, -1.000000e-01
  %41 = tail call nsz contract double @llvm.pow.f64(double 1.000000e+01, double %40)
  br label %B1156.endif.endif.endif.e...endif.1.us

B1156.endif.endif.endif.e...endif.1.us:           ; preds = %B20.i, %B1156.endif.endif.endif.e...endif.endif.endif.endif.us
  %storemerge.i324 = phi double [ %41, %B20.i ], [ 1.000000e+00, %B1156.endif.endif.endif.e...endif.endif.endif.endif.us ]
  %.147.i = fmul nsz contract double %.1982.us, %.1982.us
  %invariant.gep1004.us = getelementptr double, ptr %invariant.gep.us, i64 %.152510301076.us
  %gep1005.us = getelementptr double, ptr %invariant.gep1004.us, i64 %.2444.us
  %.2451.us = load double, ptr %gep1005.us, align 8
  %gep1005.us.1 = getelementptr double, ptr %invariant.gep1004.us, i64 %.2444.us.1
  %.2451.us.1 = load double, ptr %gep1005.us.1, align 8
  %.2456.us.1 = fadd nsz contract double %.2451.us, %.2451.us.1
  %gep1005.us.2 = getelementptr double, ptr %invariant.gep1004.us, i64 %.2444.us.2
  %.2451.us.2 = load double, ptr %gep1005.us.2, align 8
  %.2456.us.2 = fadd nsz contract double %.2456.us.1, %.2451.us.2
  %gep1005.us.3 = getelementptr double, ptr %invariant.gep1004.us, i64 %.2444.us.3
  %.2451.us.3 = load double, ptr %gep1005.us.3, align 8
  %.2456.us.3 = fadd nsz contract double %.2456.us.2, %.2451.us.3
  %gep1005.us.4 = getelementptr double, ptr %invariant.gep1004.us, i64 %.2444.us.4
  %.2451.us.4 = load double, ptr %gep1005.us.4, align 8
  %.2456.us.4 = fadd nsz contract double %.2456.us.3, %.2451.us.4
  %.2193.us = fmul nsz contract double %arg.unit, %.2189.us
  %.2221.us = fmul nsz contract double %.2193.us, %storemerge.i324
  %.2250.us = fdiv nsz contract double %.2221.us, %.147.i
  %.2465.us = fmul nsz contract double %.2456.us.4, 2.000000e-02
  %.2469.us = fcmp nsz contract olt double %.2250.us, %.2465.us
  br i1 %.2469.us, label %B2697.us, label %B2188.us

B2188.us:                                         ; preds = %B1156.endif.endif.endif.e...endif.1.us
  %.44.i326 = fsub nsz contract double %.1828.us, %.1564.us
  %.47.i327 = fsub nsz contract double %.1838.us, %.1569.us
  %.6.i.i328 = tail call nsz contract double @hypot(double %.44.i326, double %.47.i327)
  %.78.i329 = fmul nsz contract double %.6.i.i328, 1.500000e+00
  %.5.i.i330 = fptosi double %.78.i329 to i64
  %.187152.not.i331 = icmp slt i64 %.5.i.i330, 1
  br i1 %.187152.not.i331, label %B2234.us, label %B134.lr.ph.i332

B134.i336:                                        ; preds = %B134.lr.ph.i332, %B489.i363
  %.193151153.i337 = phi i64 [ 1, %B134.lr.ph.i332 ], [ %.200.i338, %B489.i363 ]
  %.200.i338 = add nuw i64 %.193151153.i337, 1
  %.226.i339 = sitofp i64 %.193151153.i337 to double
  %.231.i340 = fdiv nsz contract double %.226.i339, %.227.i334
  %.237.i341 = fmul nsz contract double %.6.i.i328, %.231.i340
  %.238.i342 = fcmp nsz contract olt double %.237.i341, 6.700000e-01
  br i1 %.238.i342, label %B489.i363, label %B164.i343

B164.i343:                                        ; preds = %B134.i336
  %.241.i344 = fsub nsz contract double 1.000000e+00, %.231.i340
  %.243.i345 = fmul nsz contract double %.6.i.i328, %.241.i344
  %.244.i346 = fcmp nsz contract olt double %.243.i345, 6.700000e-01
  br i1 %.244.i346, label %B489.i363, label %B190.i347

B190.i347:                                        ; preds = %B164.i343
  %.253.i348 = fmul nsz contract double %.47.i327, %.231.i340
  %.255.i349 = fadd nsz contract double %.1569.us, %.253.i348
  %.256.i350 = tail call nsz contract double @llvm.floor.f64(double %.255.i349)
  %.257.i351 = fptosi double %.256.i350 to i64
  %.262.i352 = fmul nsz contract double %.44.i326, %.231.i340
  %.264.i353 = fadd nsz contract double %.1564.us, %.262.i352
  %.265.i354 = tail call nsz contract double @llvm.floor.f64(double %.264.i353)
  %.266.i355 = fptosi double %.265.i354 to i64
  %.274.i356 = icmp sgt i64 %.257.i351, -1
  %.306.i357 = icmp sgt i64 %arg.height.5.0, %.257.i351
  %or.cond.i358 = select i1 %.274.i356, i1 %.306.i357, i1 false
  %.342.i359 = icmp sgt i64 %.266.i355, -1
  %or.cond148.i360 = select i1 %or.cond.i358, i1 %.342.i359, i1 false
  %.369.i361 = icmp sgt i64 %arg.height.5.1, %.266.i355
  %or.cond149.i362 = select i1 %or.cond148.i360, i1 %.369.i361, i1 false
  br i1 %or.cond149.i362, label %B418.i366, label %B489.i363

B418.i366:                                        ; preds = %B190.i347
  %.439.i367 = mul i64 %arg.height.5.1, %.257.i351
  %42 = getelementptr float, ptr %arg.height.4, i64 %.439.i367
  %.443.i368 = getelementptr float, ptr %42, i64 %.266.i355
  %.444.i369 = load float, ptr %.443.i368, align 4
  %.451.i370 = fmul nsz contract double %.1747, %.231.i340
  %.455.i371 = fadd nsz contract double %arg.receiver_m, %.451.i370
  %.456.i372 = fadd nsz contract double %.455.i371, 5.000000e-02
  %.457.i373 = fpext float %.444.i369 to double
  %.458.i374 = fcmp nsz contract olt double %.456.i372, %.457.i373
  br i1 %.458.i374, label %B2697.us, label %B489.i363

B489.i363:                                        ; preds = %B418.i366, %B190.i347, %B164.i343, %B134.i336
  %43 = add i64 %44, %.200.i338
  %exitcond.i364 = icmp eq i64 %43, 1
  br i1 %exitcond.i364, label %B2234.us, label %B134.i336

B134.lr.ph.i332:                                  ; preds = %B2188.us
  %.103.i333 = add nuw i64 %.5.i.i330, 1
  %.227.i334 = sitofp i64 %.103.i333 to double
  %44 = mul i64 %.5.i.i330, -1
  br label %B134.i336

B2234.us:                                         ; preds = %B489.i363, %B2188.us
  %.6.i.i378 = tail call nsz contract double @hypot(double %.1847.us, double %.1852.us)
  %.78.i379 = fmul nsz contract double %.6.i.i378, 1.500000e+00
  %.5.i.i380 = fptosi double %.78.i379 to i64
  %.187152.not.i381 = icmp slt i64 %.5.i.i380, 1
  br i1 %.187152.not.i381, label %B2276.endif.endif.endif.us, label %B134.lr.ph.i382

B134.i386:                                        ; preds = %B134.lr.ph.i382, %B489.i413
  %.193151153.i387 = phi i64 [ 1, %B134.lr.ph.i382 ], [ %.200.i388, %B489.i413 ]
  %.200.i388 = add nuw i64 %.193151153.i387, 1
  %.226.i389 = sitofp i64 %.193151153.i387 to double
  %.231.i390 = fdiv nsz contract double %.226.i389, %.227.i384
  %.237.i391 = fmul nsz contract double %.6.i.i378, %.231.i390
  %.238.i392 = fcmp nsz contract olt double %.237.i391, 6.700000e-01
  br i1 %.238.i392, label %B489.i413, label %B164.i393

B164.i393:                                        ; preds = %B134.i386
  %.241.i394 = fsub nsz contract double 1.000000e+00, %.231.i390
  %.243.i395 = fmul nsz contract double %.6.i.i378, %.241.i394
  %.244.i396 = fcmp nsz contract olt double %.243.i395, 6.700000e-01
  br i1 %.244.i396, label %B489.i413, label %B190.i397

B190.i397:                                        ; preds = %B164.i393
  %.253.i398 = fmul nsz contract double %.1852.us, %.231.i390
  %.255.i399 = fadd nsz contract double %arg.ty, %.253.i398
  %.256.i400 = tail call nsz contract double @llvm.floor.f64(double %.255.i399)
  %.257.i401 = fptosi double %.256.i400 to i64
  %.262.i402 = fmul nsz contract double %.1847.us, %.231.i390
  %.264.i403 = fadd nsz contract double %arg.tx, %.262.i402
  %.265.i404 = tail call nsz contract double @llvm.floor.f64(double %.264.i403)
  %.266.i405 = fptosi double %.265.i404 to i64
  %.274.i406 = icmp sgt i64 %.257.i401, -1
  %.306.i407 = icmp sgt i64 %arg.height.5.0, %.257.i401
  %or.cond.i408 = select i1 %.274.i406, i1 %.306.i407, i1 false
  %.342.i409 = icmp sgt i64 %.266.i405, -1
  %or.cond148.i410 = select i1 %or.cond.i408, i1 %.342.i409, i1 false
  %.369.i411 = icmp sgt i64 %arg.height.5.1, %.266.i405
  %or.cond149.i412 = select i1 %or.cond148.i410, i1 %.369.i411, i1 false
  br i1 %or.cond149.i412, label %B418.i416, label %B489.i413

B418.i416:                                        ; preds = %B190.i397
  %.439.i417 = mul i64 %arg.height.5.1, %.257.i401
  %45 = getelementptr float, ptr %arg.height.4, i64 %.439.i417
  %.443.i418 = getelementptr float, ptr %45, i64 %.266.i405
  %.444.i419 = load float, ptr %.443.i418, align 4
  %.451.i420 = fmul nsz contract double %.1857, %.231.i390
  %.455.i421 = fadd nsz contract double %arg.tz, %.451.i420
  %.456.i422 = fadd nsz contract double %.455.i421, 5.000000e-02
  %.457.i423 = fpext float %.444.i419 to double
  %.458.i424 = fcmp nsz contract olt double %.456.i422, %.457.i423
  br i1 %.458.i424, label %B2697.us, label %B489.i413

B489.i413:                                        ; preds = %B418.i416, %B190.i397, %B164.i393, %B134.i386
  %46 = add i64 %47, %.200.i388
  %exitcond.i414 = icmp eq i64 %46, 1
  br i1 %exitcond.i414, label %B2276.endif.endif.endif.us, label %B134.i386

B134.lr.ph.i382:                                  ; preds = %B2234.us
  %.103.i383 = add nuw i64 %.5.i.i380, 1
  %.227.i384 = sitofp i64 %.103.i383 to double
  %47 = mul i64 %.5.i.i380, -1
  br label %B134.i386

B2276.endif.endif.endif.us:                       ; preds = %B489.i413, %B2234.us
  %48 = icmp ne i64 %.144.1, -1
  %49 = icmp ne i64 %.144.1, 0
  %.6.i426 = tail call nsz contract double @hypot(double %.44.i326, double %.1865.us)
  %.12.i427 = fcmp nsz contract olt double %.6.i426, 1.000000e-09
  %.13.i428 = select i1 %.12.i427, double 1.000000e-09, double %.6.i426
  %.2642.us = fneg nsz contract double %.1865.us
  %.2643.us = tail call nsz contract double @atan2(double %.2642.us, double %.44.i326)
  %.2648.us = fdiv nsz contract double %.2643.us, 0x401921FB54442D18
  %.2651.us = fmul nsz contract double %.2648.us, %.2650
  %.2652.us = tail call nsz contract double @llvm.floor.f64(double %.2651.us)
  %.2653.us = fptosi double %.2652.us to i64
  %.2668.us = icmp ne i64 %.2653.us, %const
  %.2670.not.us = or i1 %48, %.2668.us
  %or.cond1493 = select i1 %49, i1 %.2670.not.us, i1 false
  br i1 %or.cond1493, label %B2276.endif.endif.endif.else.if.us, label %B2276.endif.endif.endif.endif.thread.us

B2276.endif.endif.endif.else.if.us:               ; preds = %B2276.endif.endif.endif.us
  %50 = or i64 %.2653.us, %.144.1
  %51 = and i64 %50, -4294967296
  %52 = icmp eq i64 %51, 0
  br i1 %52, label %53, label %58

53:                                               ; preds = %B2276.endif.endif.endif.else.if.us
  %54 = trunc i64 %.144.1 to i32
  %55 = trunc i64 %.2653.us to i32
  %56 = urem i32 %55, %54
  %57 = zext i32 %56 to i64
  br label %60

58:                                               ; preds = %B2276.endif.endif.endif.else.if.us
  %59 = srem i64 %.2653.us, %.144.1
  br label %60

60:                                               ; preds = %58, %53
  %61 = phi i64 [ %57, %53 ], [ %59, %58 ]
  %.2675.us = xor i64 %61, %.144.1
  %.2676.us = icmp slt i64 %.2675.us, 0
  %.2677.us = icmp ne i64 %61, 0
  %.2678.us = and i1 %.2677.us, %.2676.us
  %.2685.us = select i1 %.2678.us, i64 %.144.1, i64 0
  %spec.select880.us = add nsw i64 %.2685.us, %61
  %spec.select880.fr.us = freeze i64 %spec.select880.us
  %.2729.us = icmp slt i64 %spec.select880.fr.us, 0
  %.2730.us = select i1 %.2729.us, i64 %arg.into.5.0, i64 0
  %spec.select879.us = add i64 %.2730.us, %spec.select880.fr.us
  %62 = mul i64 %spec.select879.us, %.1658
  br label %B2276.endif.endif.endif.endif.thread.us

B2276.endif.endif.endif.endif.thread.us:          ; preds = %60, %B2276.endif.endif.endif.us
  %rem.2.0876.us = phi i64 [ 0, %B2276.endif.endif.endif.us ], [ %spec.select880.fr.us, %60 ]
  %.2761.us = phi i64 [ 0, %B2276.endif.endif.endif.us ], [ %62, %60 ]
  %gep.us = getelementptr double, ptr %invariant.gep.us, i64 %.2761.us
  %.2767.us = getelementptr double, ptr %gep.us, i64 %.152510301076.us
  %.2768.us = load double, ptr %.2767.us, align 8
  %.2770.us = fadd nsz contract double %.2250.us, %.2768.us
  store double %.2770.us, ptr %.2767.us, align 8
  %.2841.us = add nsw i64 %rem.2.0876.us, %.144.1
  %.2876.us = icmp slt i64 %.2841.us, 0
  %.2877.us = select i1 %.2876.us, i64 %arg.into.5.0, i64 0
  %.2878.us = add i64 %.2877.us, %.2841.us
  %.2908.us = mul i64 %.2878.us, %.1658
  %gep1084.us = getelementptr double, ptr %invariant.gep.us, i64 %.2908.us
  %.2914.us = getelementptr double, ptr %gep1084.us, i64 %.152510301076.us
  %.2915.us = load double, ptr %.2914.us, align 8
  %.2917.us = fmul nsz contract double %.44.i326, %.2250.us
  %.2921.us = fdiv nsz contract double %.2917.us, %.13.i428
  %.2922.us = fadd nsz contract double %.2921.us, %.2915.us
  store double %.2922.us, ptr %.2914.us, align 8
  %.2994.us = add nsw i64 %rem.2.0876.us, %.2993
  %.3029.us = icmp slt i64 %.2994.us, 0
  %.3030.us = select i1 %.3029.us, i64 %arg.into.5.0, i64 0
  %.3031.us = add i64 %.3030.us, %.2994.us
  %.3061.us = mul i64 %.3031.us, %.1658
  %gep1086.us = getelementptr double, ptr %invariant.gep.us, i64 %.3061.us
  %.3067.us = getelementptr double, ptr %gep1086.us, i64 %.152510301076.us
  %.3068.us = load double, ptr %.3067.us, align 8
  %.3070.us = fmul nsz contract double %.1865.us, %.2250.us
  %.3074.us = fdiv nsz contract double %.3070.us, %.13.i428
  %.3075.us = fadd nsz contract double %.3074.us, %.3068.us
  store double %.3075.us, ptr %.3067.us, align 8
  %.3220.us = getelementptr double, ptr %21, i64 %.152510301076.us
  %.3221.us = load double, ptr %.3220.us, align 8
  %.3223.us = fadd nsz contract double %.2250.us, %.3221.us
  store double %.3223.us, ptr %.3220.us, align 8
  br label %B2697.us

B2697.us:                                         ; preds = %B2276.endif.endif.endif.endif.thread.us, %B418.i416, %B418.i366, %B1156.endif.endif.endif.e...endif.1.us, %B1012.endif.endif.us, %B970.us, %B940.us, %B860.us
  %exitcond.not = icmp eq i64 %arg.into.5.2, %.1532.us
  br i1 %exitcond.not, label %B858.B800.loopexit_crit_edge.us, label %B860.us

B858.B800.loopexit_crit_edge.us:                  ; preds = %B2697.us
  %.1392.us = add nuw nsw i64 %.138511001160.us, 1
  %exitcond1873.not = icmp eq i64 %arg.into.5.1, %.1392.us
  br i1 %exitcond1873.not, label %B2698, label %B802.endif.us
}

declare double @hypot(double, double) local_unnamed_addr

define internal noundef i32 @part0(ptr noalias writeonly %retptr, ptr noalias readnone %excinfo, ptr %arg.height.0, ptr readnone %arg.height.1, i64 %arg.height.2, i64 %arg.height.3, ptr readonly %arg.height.4, i64 %arg.height.5.0, i64 %arg.height.5.1, i64 %arg.height.6.0, i64 %arg.height.6.1, double %arg.x0, double %arg.y0, double %arg.z0, double %arg.x1, double %arg.y1, double %arg.z1) local_unnamed_addr {
B0.endif.endif.endif:
  %.44 = fsub nsz contract double %arg.x1, %arg.x0
  %.47 = fsub nsz contract double %arg.y1, %arg.y0
  %.6.i = tail call nsz contract double @hypot(double %.44, double %.47)
  %.78 = fmul nsz contract double %.6.i, 1.500000e+00
  %.5.i = fptosi double %.78 to i64
  %.187152.not = icmp slt i64 %.5.i, 1
  br i1 %.187152.not, label %common.ret, label %B134.lr.ph

B134:                                             ; preds = %B134.lr.ph, %B489
  %.193151153 = phi i64 [ 1, %B134.lr.ph ], [ %.200, %B489 ]
  %.200 = add nuw i64 %.193151153, 1
  %.226 = sitofp i64 %.193151153 to double
  %.231 = fdiv nsz contract double %.226, %.227
  %.237 = fmul nsz contract double %.6.i, %.231
  %.238 = fcmp nsz contract olt double %.237, 6.700000e-01
  br i1 %.238, label %B489, label %B164

B164:                                             ; preds = %B134
  %.241 = fsub nsz contract double 1.000000e+00, %.231
  %.243 = fmul nsz contract double %.6.i, %.241
  %.244 = fcmp nsz contract olt double %.243, 6.700000e-01
  br i1 %.244, label %B489, label %B190

B190:                                             ; preds = %B164
  %.253 = fmul nsz contract double %.47, %.231
  %.255 = fadd nsz contract double %arg.y0, %.253
  %.256 = tail call nsz contract double @llvm.floor.f64(double %.255)
  %.257 = fptosi double %.256 to i64
  %.262 = fmul nsz contract double %.44, %.231
  %.264 = fadd nsz contract double %arg.x0, %.262
  %.265 = tail call nsz contract double @llvm.floor.f64(double %.264)
  %.266 = fptosi double %.265 to i64
  %.274 = icmp sgt i64 %.257, -1
  %.306 = icmp sgt i64 %arg.height.5.0, %.257
  %or.cond = select i1 %.274, i1 %.306, i1 false
  %.342 = icmp sgt i64 %.266, -1
  %or.cond148 = select i1 %or.cond, i1 %.342, i1 false
  %.369 = icmp sgt i64 %arg.height.5.1, %.266
  %or.cond149 = select i1 %or.cond148, i1 %.369, i1 false
  br i1 %or.cond149, label %B418, label %B489

B418:                                             ; preds = %B190
  %.439 = mul i64 %arg.height.5.1, %.257
  %0 = getelementptr float, ptr %arg.height.4, i64 %.439
  %.443 = getelementptr float, ptr %0, i64 %.266
  %.444 = load float, ptr %.443, align 4
  %.451 = fmul nsz contract double %.449, %.231
  %.455 = fadd nsz contract double %arg.z0, %.451
  %.456 = fadd nsz contract double %.455, 5.000000e-02
  %.457 = fpext float %.444 to double
  %.458 = fcmp nsz contract olt double %.456, %.457
  br i1 %.458, label %common.ret, label %B489

common.ret:                                       ; preds = %B489, %B418, %B0.endif.endif.endif
  %storemerge = phi i8 [ 1, %B0.endif.endif.endif ], [ 0, %B418 ], [ 1, %B489 ]
  store i8 %storemerge, ptr %retptr, align 1
  ret i32 0

B489:                                             ; preds = %B418, %B190, %B164, %B134
  %1 = add i64 %2, %.200
  %exitcond = icmp eq i64 %1, 1
  br i1 %exitcond, label %common.ret, label %B134

B134.lr.ph:                                       ; preds = %B0.endif.endif.endif
  %.103 = add nuw i64 %.5.i, 1
  %.227 = sitofp i64 %.103 to double
  %.449 = fsub nsz contract double %arg.z1, %arg.z0
  %2 = sub i64 0, %.5.i
  br label %B134
}

declare double @asin(double) local_unnamed_addr

define noundef i32 @rays_roof_edges(ptr noalias writeonly %retptr, ptr noalias readnone %excinfo, ptr %arg.height.0, ptr readnone %arg.height.1, i64 %arg.height.2, i64 %arg.height.3, ptr readonly %arg.height.4, i64 %arg.height.5.0, i64 %arg.height.5.1, i64 %arg.height.6.0, i64 %arg.height.6.1, double %arg.tx, double %arg.ty, double %arg.tz, double %arg.receiver_m, double %arg.cell_m, double %arg.wavelength, i64 %arg.first_row, i64 %arg.first_col, ptr %arg.tops.0, ptr readnone %arg.tops.1, i64 %arg.tops.2, i64 %arg.tops.3, ptr %arg.tops.4, i64 %arg.tops.5.0, i64 %arg.tops.6.0, ptr %arg.loss.0, ptr readnone %arg.loss.1, i64 %arg.loss.2, i64 %arg.loss.3, ptr writeonly %arg.loss.4, i64 %arg.loss.5.0, i64 %arg.loss.5.1, i64 %arg.loss.6.0, i64 %arg.loss.6.1) local_unnamed_addr {
B0.endif:
  %.205833.not = icmp slt i64 %arg.loss.5.0, 1
  br i1 %.205833.not, label %common.ret, label %B80.endif.lr.ph

B80.endif.lr.ph:                                  ; preds = %B0.endif
  %.341751.not = icmp slt i64 %arg.loss.5.1, 1
  %.469 = add nsw i64 %arg.tops.5.0, -1
  br i1 %.341751.not, label %common.ret, label %B80.endif.us.preheader

B80.endif.us.preheader:                           ; preds = %B80.endif.lr.ph
  %.1591.us = fsub nsz contract double %arg.receiver_m, %arg.tz
  br label %B80.endif.us

B80.endif.us:                                     ; preds = %B136.B78.loopexit_crit_edge.us, %B80.endif.us.preheader
  %.211774840.us = phi i64 [ %.218.us, %B136.B78.loopexit_crit_edge.us ], [ 0, %B80.endif.us.preheader ]
  %.389.us = add nsw i64 %.211774840.us, %arg.first_row
  %.390.us = sitofp i64 %.389.us to double
  %.391.us = fadd nsz contract double %.390.us, 5.000000e-01
  %.403.us = fsub nsz contract double %.391.us, %arg.ty
  %.1841.us = mul i64 %.211774840.us, %arg.loss.5.1
  %0 = getelementptr double, ptr %arg.loss.4, i64 %.1841.us
  br label %B138.endif.endif.endif.endif.us

B138.endif.endif.endif.endif.us:                  ; preds = %B1348.us, %B80.endif.us
  %.347705758.us = phi i64 [ 0, %B80.endif.us ], [ %.354.us, %B1348.us ]
  %.354.us = add nuw nsw i64 %.347705758.us, 1
  %.384.us = add nsw i64 %.347705758.us, %arg.first_col
  %.385.us = sitofp i64 %.384.us to double
  %.386.us = fadd nsz contract double %.385.us, 5.000000e-01
  %.400.us = fsub nsz contract double %.386.us, %arg.tx
  %.6.i = tail call nsz contract double @hypot(double %.400.us, double %.403.us)
  %.432.us = fmul nsz contract double %.6.i, 1.500000e+00
  %.5.i = fptosi double %.432.us to i64
  %.457.us = add nsw i64 %.5.i, 4
  %.13.i = tail call i64 @llvm.smin.i64(i64 %.469, i64 %.457.us)
  %.582655.us = icmp sgt i64 %.13.i, -1
  br i1 %.582655.us, label %B362.lr.ph.us, label %B824.endif.us

B824.endif.us:                                    ; preds = %B1371.us, %B138.endif.endif.endif.endif.us
  %.12.i = fcmp nsz contract olt double %.6.i, 1.000000e+00
  %.13.i22 = select i1 %.12.i, double 1.000000e+00, double %.6.i
  %.892.us = fmul nsz contract double %arg.cell_m, %.13.i22
  %.894.us = sitofp i64 %.13.i to double
  %.898.us = fdiv nsz contract double %.892.us, %.894.us
  %.1304.us = add i64 %.13.i, -1
  %.1347661.us.not = icmp slt i64 %.1304.us, 1
  br i1 %.1347661.us.not, label %B1348.us, label %B978.us.preheader

B978.us.preheader:                                ; preds = %B824.endif.us
  br label %B978.us

B1276.us:                                         ; preds = %B1274.us
  %.8.i = fcmp nsz contract ugt double %nu.3.4.us, -7.800000e-01
  br i1 %.8.i, label %B1324.us, label %B1348.us

B1324.us:                                         ; preds = %B1276.us
  %.15.i = fadd nsz contract double %nu.3.4.us, -1.000000e-01
  %.147.i.i = fmul nsz contract double %.15.i, %.15.i
  %.42.i = fadd nsz contract double %.147.i.i, 1.000000e+00
  %sqrt.i = tail call nsz contract double @llvm.sqrt.f64(double %.42.i)
  %.45.i = fadd nsz contract double %nu.3.4.us, %sqrt.i
  %.48.i = fadd nsz contract double %.45.i, -1.000000e-01
  %.49.i = tail call nsz contract double @llvm.log10.f64(double %.48.i)
  %.50.i = fmul nsz contract double %.49.i, 2.000000e+01
  %.51.i = fadd nsz contract double %.50.i, 6.900000e+00
  %.1749.us = fcmp nsz contract ugt double %.51.i, 0.000000e+00
  br i1 %.1749.us, label %B824.endif.us.1, label %B1348.us

B1348.us:                                         ; preds = %B1344.us.2, %B1324.us, %B1276.us, %B824.endif.us
  %.1732.us.lcssa = phi double [ %.51.i, %B1324.us ], [ %.1732.us.2, %B1344.us.2 ], [ 0.000000e+00, %B1276.us ], [ 0.000000e+00, %B824.endif.us ]
  %1 = getelementptr double, ptr %0, i64 %.347705758.us
  store double %.1732.us.lcssa, ptr %1, align 8
  %exitcond.not = icmp eq i64 %arg.loss.5.1, %.354.us
  br i1 %exitcond.not, label %B136.B78.loopexit_crit_edge.us, label %B138.endif.endif.endif.endif.us

B824.endif.us.1:                                  ; preds = %B1324.us
  %.1133.us.1 = icmp slt i64 %where.3.4.us, 0
  %.1134.us.1 = select i1 %.1133.us.1, i64 %arg.tops.5.0, i64 0
  %2 = getelementptr double, ptr %arg.tops.4, i64 %where.3.4.us
  %.1148.us.1 = getelementptr double, ptr %2, i64 %.1134.us.1
  %.1149.us.1 = load double, ptr %.1148.us.1, align 8
  %.1239.us.1 = icmp sgt i64 %.13.i, %where.3.4.us
  %.1242.us.1 = add nsw i64 %where.3.4.us, -2
  %to.2.3.us.1 = select i1 %.1239.us.1, i64 %.1242.us.1, i64 %where.3.4.us
  %.1304.us.1 = add i64 %to.2.3.us.1, -1
  %.1347661.us.not.1 = icmp slt i64 %.1304.us.1, 1
  br i1 %.1347661.us.not.1, label %B824.endif.us.2, label %B978.lr.ph.us.1

B978.lr.ph.us.1:                                  ; preds = %B824.endif.us.1
  %.1591.us.1 = fsub nsz contract double %.1149.us.1, %arg.tz
  %.1600.us.1 = sitofp i64 %where.3.4.us to double
  %3 = add i64 %where.3.4.us, -1
  br label %B978.us.1

B978.us.1:                                        ; preds = %B1274.us.1, %B978.lr.ph.us.1
  %lsr.iv75 = phi i64 [ %lsr.iv.next76, %B1274.us.1 ], [ %3, %B978.lr.ph.us.1 ]
  %nu.2.3664.us.1 = phi double [ -1.000000e+09, %B978.lr.ph.us.1 ], [ %nu.3.4.us.1, %B1274.us.1 ]
  %.1353660662.us.1 = phi i64 [ 1, %B978.lr.ph.us.1 ], [ %.1360.us.1, %B1274.us.1 ]
  %.1360.us.1 = add i64 %.1353660662.us.1, 1
  %.1410.us.1 = icmp slt i64 %.1353660662.us.1, 0
  %.1411.us.1 = select i1 %.1410.us.1, i64 %arg.tops.5.0, i64 0
  %4 = shl i64 %.1411.us.1, 3
  %scevgep83 = getelementptr i8, ptr %arg.tops.4, i64 %4
  %5 = shl i64 %.1353660662.us.1, 3
  %scevgep84 = getelementptr i8, ptr %scevgep83, i64 %5
  %.1426.us.1 = load double, ptr %scevgep84, align 8
  %.1427.us.1 = fcmp nsz contract ogt double %.1426.us.1, 0.000000e+00
  br i1 %.1427.us.1, label %B1004.us.1, label %B1274.us.1

B1004.us.1:                                       ; preds = %B978.us.1
  %.1479.inv.us.1 = icmp sgt i64 %.1353660662.us.1, 0
  %.1480.us.1 = select i1 %.1479.inv.us.1, i64 0, i64 %arg.tops.5.0
  %6 = shl i64 %.1480.us.1, 3
  %scevgep80 = getelementptr i8, ptr %arg.tops.4, i64 %6
  %sunkaddr = mul i64 %.1360.us.1, 8
  %sunkaddr93 = getelementptr i8, ptr %scevgep80, i64 %sunkaddr
  %sunkaddr94 = getelementptr i8, ptr %sunkaddr93, i64 -16
  %.1495.us.1 = load double, ptr %sunkaddr94, align 8
  %.1496.us.1 = fcmp nsz contract ogt double %.1426.us.1, %.1495.us.1
  br i1 %.1496.us.1, label %B1088.us.1, label %B1046.us.1

B1046.us.1:                                       ; preds = %B1004.us.1
  %.1550.us.1 = icmp slt i64 %.1353660662.us.1, -1
  %.1551.us.1 = select i1 %.1550.us.1, i64 %arg.tops.5.0, i64 0
  %7 = shl i64 %.1551.us.1, 3
  %scevgep77 = getelementptr i8, ptr %arg.tops.4, i64 %7
  %sunkaddr95 = mul i64 %.1360.us.1, 8
  %sunkaddr96 = getelementptr i8, ptr %scevgep77, i64 %sunkaddr95
  %.1566.us.1 = load double, ptr %sunkaddr96, align 8
  %.1567.us.1 = fcmp nsz contract ogt double %.1426.us.1, %.1566.us.1
  br i1 %.1567.us.1, label %B1088.us.1, label %B1274.us.1

B1088.us.1:                                       ; preds = %B1046.us.1, %B1004.us.1
  %.1581.us.1 = sitofp i64 %.1353660662.us.1 to double
  %.1582.us.1 = fmul nsz contract double %.898.us, %.1581.us.1
  %.1587.us.1 = sitofp i64 %lsr.iv75 to double
  %.1588.us.1 = fmul nsz contract double %.898.us, %.1587.us.1
  %.1596.us.1 = fmul nsz contract double %.1591.us.1, %.1581.us.1
  %.1604.us.1 = fdiv nsz contract double %.1596.us.1, %.1600.us.1
  %.1606.us.1 = fadd nsz contract double %arg.tz, %.1604.us.1
  %.1638.us.1 = fsub nsz contract double %.1426.us.1, %.1606.us.1
  %.1639.us.1 = fadd nsz contract double %.1582.us.1, %.1588.us.1
  %.1640.us.1 = fmul nsz contract double %.1639.us.1, 2.000000e+00
  %.1642.us.1 = fmul nsz contract double %arg.wavelength, %.1582.us.1
  %.1643.us.1 = fmul nsz contract double %.1588.us.1, %.1642.us.1
  %.1647.us.1 = fdiv nsz contract double %.1640.us.1, %.1643.us.1
  %.1648.us.1 = tail call nsz contract double @sqrt(double %.1647.us.1)
  %.1649.us.1 = fmul nsz contract double %.1638.us.1, %.1648.us.1
  %.1655.us.1 = fcmp nsz contract ogt double %.1649.us.1, %nu.2.3664.us.1
  br i1 %.1655.us.1, label %B1266.us.1, label %B1274.us.1

B1266.us.1:                                       ; preds = %B1088.us.1
  br label %B1274.us.1

B1274.us.1:                                       ; preds = %B1266.us.1, %B1088.us.1, %B1046.us.1, %B978.us.1
  %nu.3.4.us.1 = phi double [ %.1649.us.1, %B1266.us.1 ], [ %nu.2.3664.us.1, %B1088.us.1 ], [ %nu.2.3664.us.1, %B1046.us.1 ], [ %nu.2.3664.us.1, %B978.us.1 ]
  %lsr.iv.next76 = add i64 %lsr.iv75, -1
  %exitcond63.not = icmp eq i64 %to.2.3.us.1, %.1360.us.1
  br i1 %exitcond63.not, label %B1276.us.1, label %B978.us.1

B1276.us.1:                                       ; preds = %B1274.us.1
  %.8.i23 = fcmp nsz contract ugt double %nu.3.4.us.1, -7.800000e-01
  br i1 %.8.i23, label %B20.i25, label %B824.endif.us.2

B20.i25:                                          ; preds = %B1276.us.1
  %.15.i26 = fadd nsz contract double %nu.3.4.us.1, -1.000000e-01
  %.147.i.i27 = fmul nsz contract double %.15.i26, %.15.i26
  %.42.i28 = fadd nsz contract double %.147.i.i27, 1.000000e+00
  %sqrt.i29 = tail call nsz contract double @llvm.sqrt.f64(double %.42.i28)
  %.45.i30 = fadd nsz contract double %nu.3.4.us.1, %sqrt.i29
  %.48.i31 = fadd nsz contract double %.45.i30, -1.000000e-01
  %.49.i32 = tail call nsz contract double @llvm.log10.f64(double %.48.i31)
  %.50.i33 = fmul nsz contract double %.49.i32, 2.000000e+01
  %.51.i34 = fadd nsz contract double %.50.i33, 6.900000e+00
  br label %B824.endif.us.2

B824.endif.us.2:                                  ; preds = %B20.i25, %B1276.us.1, %B824.endif.us.1
  %storemerge.i24 = phi double [ %.51.i34, %B20.i25 ], [ 0.000000e+00, %B1276.us.1 ], [ 0.000000e+00, %B824.endif.us.1 ]
  %.1732.us.1 = fadd nsz contract double %.51.i, %storemerge.i24
  %8 = tail call i64 @llvm.smax.i64(i64 %where.3.4.us, i64 0)
  %.1222.us.2.inv = icmp slt i64 %where.3.4.us, 1
  %from_.2.3.us.2.v = select i1 %.1222.us.2.inv, i64 1, i64 3
  %from_.2.3.us.2 = add nuw nsw i64 %from_.2.3.us.2.v, %8
  %.1304.us.2 = sub i64 %.13.i, %from_.2.3.us.2
  %.1347661.us.not.2 = icmp slt i64 %.1304.us.2, 1
  br i1 %.1347661.us.not.2, label %B1344.us.2, label %B978.lr.ph.us.2

B978.lr.ph.us.2:                                  ; preds = %B824.endif.us.2
  %.1591.us.2 = fsub nsz contract double %arg.receiver_m, %.1149.us.1
  %.1599.us.2 = sub nsw i64 %.13.i, %where.3.4.us
  %.1600.us.2 = sitofp i64 %.1599.us.2 to double
  %9 = mul i64 %where.3.4.us, -1
  br label %B978.us.2

B978.us.2:                                        ; preds = %B1274.us.2, %B978.lr.ph.us.2
  %nu.2.3664.us.2 = phi double [ -1.000000e+09, %B978.lr.ph.us.2 ], [ %nu.3.4.us.2, %B1274.us.2 ]
  %.1346659663.us.2 = phi i64 [ %.1304.us.2, %B978.lr.ph.us.2 ], [ %.1356.us.2, %B1274.us.2 ]
  %.1353660662.us.2 = phi i64 [ %from_.2.3.us.2, %B978.lr.ph.us.2 ], [ %.1360.us.2, %B1274.us.2 ]
  %.1356.us.2 = add i64 %.1346659663.us.2, -1
  %.1410.us.2 = icmp slt i64 %.1353660662.us.2, 0
  %.1411.us.2 = select i1 %.1410.us.2, i64 %arg.tops.5.0, i64 0
  %10 = shl i64 %.1411.us.2, 3
  %scevgep91 = getelementptr i8, ptr %arg.tops.4, i64 %10
  %11 = shl i64 %.1353660662.us.2, 3
  %scevgep92 = getelementptr i8, ptr %scevgep91, i64 %11
  %.1426.us.2 = load double, ptr %scevgep92, align 8
  %.1427.us.2 = fcmp nsz contract ogt double %.1426.us.2, 0.000000e+00
  br i1 %.1427.us.2, label %B1004.us.2, label %B1274.us.2

B1004.us.2:                                       ; preds = %B978.us.2
  %.1479.inv.us.2 = icmp sgt i64 %.1353660662.us.2, 0
  %.1480.us.2 = select i1 %.1479.inv.us.2, i64 0, i64 %arg.tops.5.0
  %12 = shl i64 %.1480.us.2, 3
  %scevgep88 = getelementptr i8, ptr %arg.tops.4, i64 %12
  %13 = shl i64 %.1353660662.us.2, 3
  %scevgep89 = getelementptr i8, ptr %scevgep88, i64 %13
  %scevgep90 = getelementptr i8, ptr %scevgep89, i64 -8
  %.1495.us.2 = load double, ptr %scevgep90, align 8
  %.1496.us.2 = fcmp nsz contract ogt double %.1426.us.2, %.1495.us.2
  br i1 %.1496.us.2, label %B1088.us.2, label %B1046.us.2

B1046.us.2:                                       ; preds = %B1004.us.2
  %.1550.us.2 = icmp slt i64 %.1353660662.us.2, -1
  %.1551.us.2 = select i1 %.1550.us.2, i64 %arg.tops.5.0, i64 0
  %14 = shl i64 %.1551.us.2, 3
  %scevgep85 = getelementptr i8, ptr %arg.tops.4, i64 %14
  %15 = shl i64 %.1353660662.us.2, 3
  %scevgep86 = getelementptr i8, ptr %scevgep85, i64 %15
  %scevgep87 = getelementptr i8, ptr %scevgep86, i64 8
  %.1566.us.2 = load double, ptr %scevgep87, align 8
  %.1567.us.2 = fcmp nsz contract ogt double %.1426.us.2, %.1566.us.2
  br i1 %.1567.us.2, label %B1088.us.2, label %B1274.us.2

B1088.us.2:                                       ; preds = %B1046.us.2, %B1004.us.2
  %16 = add i64 %9, %.1353660662.us.2
  %.1581.us.2 = sitofp i64 %16 to double
  %.1582.us.2 = fmul nsz contract double %.898.us, %.1581.us.2
  %.1587.us.2 = sitofp i64 %.1346659663.us.2 to double
  %.1588.us.2 = fmul nsz contract double %.898.us, %.1587.us.2
  %.1596.us.2 = fmul nsz contract double %.1591.us.2, %.1581.us.2
  %.1604.us.2 = fdiv nsz contract double %.1596.us.2, %.1600.us.2
  %.1606.us.2 = fadd nsz contract double %.1149.us.1, %.1604.us.2
  %.1638.us.2 = fsub nsz contract double %.1426.us.2, %.1606.us.2
  %.1639.us.2 = fadd nsz contract double %.1582.us.2, %.1588.us.2
  %.1640.us.2 = fmul nsz contract double %.1639.us.2, 2.000000e+00
  %.1642.us.2 = fmul nsz contract double %arg.wavelength, %.1582.us.2
  %.1643.us.2 = fmul nsz contract double %.1588.us.2, %.1642.us.2
  %.1647.us.2 = fdiv nsz contract double %.1640.us.2, %.1643.us.2
  %.1648.us.2 = tail call nsz contract double @sqrt(double %.1647.us.2)
  %.1649.us.2 = fmul nsz contract double %.1638.us.2, %.1648.us.2
  %.1655.us.2 = fcmp nsz contract ogt double %.1649.us.2, %nu.2.3664.us.2
  br i1 %.1655.us.2, label %B1266.us.2, label %B1274.us.2

B1266.us.2:                                       ; preds = %B1088.us.2
  br label %B1274.us.2

B1274.us.2:                                       ; preds = %B1266.us.2, %B1088.us.2, %B1046.us.2, %B978.us.2
  %nu.3.4.us.2 = phi double [ %.1649.us.2, %B1266.us.2 ], [ %nu.2.3664.us.2, %B1088.us.2 ], [ %nu.2.3664.us.2, %B1046.us.2 ], [ %nu.2.3664.us.2, %B978.us.2 ]
  %17 = add i64 %.1356.us.2, 1
  %.1360.us.2 = add i64 %.1353660662.us.2, 1
  %.1347.us.2 = icmp samesign ugt i64 %17, 1
  br i1 %.1347.us.2, label %B978.us.2, label %B1276.us.2

B1276.us.2:                                       ; preds = %B1274.us.2
  %.8.i37 = fcmp nsz contract ugt double %nu.3.4.us.2, -7.800000e-01
  br i1 %.8.i37, label %B20.i39, label %B1344.us.2

B20.i39:                                          ; preds = %B1276.us.2
  %.15.i40 = fadd nsz contract double %nu.3.4.us.2, -1.000000e-01
  %.147.i.i41 = fmul nsz contract double %.15.i40, %.15.i40
  %.42.i42 = fadd nsz contract double %.147.i.i41, 1.000000e+00
  %sqrt.i43 = tail call nsz contract double @llvm.sqrt.f64(double %.42.i42)
  %.45.i44 = fadd nsz contract double %nu.3.4.us.2, %sqrt.i43
  %.48.i45 = fadd nsz contract double %.45.i44, -1.000000e-01
  %.49.i46 = tail call nsz contract double @llvm.log10.f64(double %.48.i45)
  %.50.i47 = fmul nsz contract double %.49.i46, 2.000000e+01
  %.51.i48 = fadd nsz contract double %.50.i47, 6.900000e+00
  br label %B1344.us.2

B1344.us.2:                                       ; preds = %B20.i39, %B1276.us.2, %B824.endif.us.2
  %storemerge.i38 = phi double [ %.51.i48, %B20.i39 ], [ 0.000000e+00, %B1276.us.2 ], [ 0.000000e+00, %B824.endif.us.2 ]
  %.1732.us.2 = fadd nsz contract double %.1732.us.1, %storemerge.i38
  br label %B1348.us

B978.us:                                          ; preds = %B1274.us, %B978.us.preheader
  %lsr.iv65 = phi i64 [ %.1304.us, %B978.us.preheader ], [ %lsr.iv.next66, %B1274.us ]
  %where.2.3665.us = phi i64 [ %where.3.4.us, %B1274.us ], [ 0, %B978.us.preheader ]
  %nu.2.3664.us = phi double [ %nu.3.4.us, %B1274.us ], [ -1.000000e+09, %B978.us.preheader ]
  %.1353660662.us = phi i64 [ %.1360.us, %B1274.us ], [ 1, %B978.us.preheader ]
  %.1410.us = icmp slt i64 %.1353660662.us, 0
  %.1411.us = select i1 %.1410.us, i64 %arg.tops.5.0, i64 0
  %18 = shl i64 %.1411.us, 3
  %scevgep73 = getelementptr i8, ptr %arg.tops.4, i64 %18
  %19 = shl i64 %.1353660662.us, 3
  %scevgep74 = getelementptr i8, ptr %scevgep73, i64 %19
  %.1426.us = load double, ptr %scevgep74, align 8
  %.1427.us = fcmp nsz contract ogt double %.1426.us, 0.000000e+00
  br i1 %.1427.us, label %B1004.us, label %B1274.us

B1004.us:                                         ; preds = %B978.us
  %.1479.inv.us = icmp sgt i64 %.1353660662.us, 0
  %.1480.us = select i1 %.1479.inv.us, i64 0, i64 %arg.tops.5.0
  %20 = shl i64 %.1480.us, 3
  %scevgep70 = getelementptr i8, ptr %arg.tops.4, i64 %20
  %21 = shl i64 %.1353660662.us, 3
  %scevgep71 = getelementptr i8, ptr %scevgep70, i64 %21
  %scevgep72 = getelementptr i8, ptr %scevgep71, i64 -8
  %.1495.us = load double, ptr %scevgep72, align 8
  %.1496.us = fcmp nsz contract ogt double %.1426.us, %.1495.us
  br i1 %.1496.us, label %B1088.us, label %B1046.us

B1046.us:                                         ; preds = %B1004.us
  %.1550.us = icmp slt i64 %.1353660662.us, -1
  %.1551.us = select i1 %.1550.us, i64 %arg.tops.5.0, i64 0
  %22 = shl i64 %.1551.us, 3
  %scevgep67 = getelementptr i8, ptr %arg.tops.4, i64 %22
  %23 = shl i64 %.1353660662.us, 3
  %scevgep68 = getelementptr i8, ptr %scevgep67, i64 %23
  %scevgep69 = getelementptr i8, ptr %scevgep68, i64 8
  %.1566.us = load double, ptr %scevgep69, align 8
  %.1567.us = fcmp nsz contract ogt double %.1426.us, %.1566.us
  br i1 %.1567.us, label %B1088.us, label %B1274.us

B1088.us:                                         ; preds = %B1046.us, %B1004.us
  %.1581.us = sitofp i64 %.1353660662.us to double
  %.1582.us = fmul nsz contract double %.898.us, %.1581.us
  %.1587.us = sitofp i64 %lsr.iv65 to double
  %.1588.us = fmul nsz contract double %.898.us, %.1587.us
  %.1596.us = fmul nsz contract double %.1591.us, %.1581.us
  %.1604.us = fdiv nsz contract double %.1596.us, %.894.us
  %.1606.us = fadd nsz contract double %arg.tz, %.1604.us
  %.1638.us = fsub nsz contract double %.1426.us, %.1606.us
  %.1639.us = fadd nsz contract double %.1582.us, %.1588.us
  %.1640.us = fmul nsz contract double %.1639.us, 2.000000e+00
  %.1642.us = fmul nsz contract double %arg.wavelength, %.1582.us
  %.1643.us = fmul nsz contract double %.1588.us, %.1642.us
  %.1647.us = fdiv nsz contract double %.1640.us, %.1643.us
  %.1648.us = tail call nsz contract double @sqrt(double %.1647.us)
  %.1649.us = fmul nsz contract double %.1638.us, %.1648.us
  %.1655.us = fcmp nsz contract ogt double %.1649.us, %nu.2.3664.us
  br i1 %.1655.us, label %B1266.us, label %B1274.us

B1266.us:                                         ; preds = %B1088.us
  br label %B1274.us

B1274.us:                                         ; preds = %B1266.us, %B1088.us, %B1046.us, %B978.us
  %nu.3.4.us = phi double [ %.1649.us, %B1266.us ], [ %nu.2.3664.us, %B1088.us ], [ %nu.2.3664.us, %B1046.us ], [ %nu.2.3664.us, %B978.us ]
  %where.3.4.us = phi i64 [ %.1353660662.us, %B1266.us ], [ %where.2.3665.us, %B1088.us ], [ %where.2.3665.us, %B1046.us ], [ %where.2.3665.us, %B978.us ]
  %lsr.iv.next66 = add i64 %lsr.iv65, -1
  %.1360.us = add i64 %.1353660662.us, 1
  %exitcond.not64 = icmp eq i64 %lsr.iv.next66, 0
  br i1 %exitcond.not64, label %B1276.us, label %B978.us

B362.us:                                          ; preds = %B362.lr.ph.us, %B1371.us
  %lsr.iv = phi i64 [ %26, %B362.lr.ph.us ], [ %lsr.iv.next, %B1371.us ]
  %.588654656.us = phi i64 [ 0, %B362.lr.ph.us ], [ %.595.us, %B1371.us ]
  %.625.us = uitofp nneg i64 %.588654656.us to double
  %.630.us = fdiv nsz contract double %.625.us, %.626.us
  %.638.us = fmul nsz contract double %.400.us, %.630.us
  %.640.us = fadd nsz contract double %arg.tx, %.638.us
  %.641.us = tail call nsz contract double @llvm.floor.f64(double %.640.us)
  %.642.us = fptosi double %.641.us to i64
  %.647.us = fmul nsz contract double %.403.us, %.630.us
  %.649.us = fadd nsz contract double %arg.ty, %.647.us
  %.650.us = tail call nsz contract double @llvm.floor.f64(double %.649.us)
  %.651.us = fptosi double %.650.us to i64
  %24 = shl i64 %.588654656.us, 3
  %scevgep = getelementptr i8, ptr %arg.tops.4, i64 %24
  store double 0.000000e+00, ptr %scevgep, align 8
  %.691.us = fmul nsz contract double %.6.i, %.630.us
  %.692.us = fcmp nsz contract ogt double %.691.us, 7.500000e-01
  br i1 %.692.us, label %B518.us, label %B1371.us

B518.us:                                          ; preds = %B362.us
  %.695.us = fsub nsz contract double 1.000000e+00, %.630.us
  %.699.us = fmul nsz contract double %.6.i, %.695.us
  %.700.us = fcmp nsz contract ogt double %.699.us, 7.500000e-01
  br i1 %.700.us, label %B542.us, label %B1371.us

B542.us:                                          ; preds = %B518.us
  %.703.us = icmp sgt i64 %.651.us, -1
  %.711.us = icmp sgt i64 %arg.height.5.0, %.651.us
  %or.cond.us = select i1 %.703.us, i1 %.711.us, i1 false
  br i1 %or.cond.us, label %B574.us, label %B1371.us

B574.us:                                          ; preds = %B542.us
  %.726.us = icmp sgt i64 %.642.us, -1
  %.734.us = icmp sgt i64 %arg.height.5.1, %.642.us
  %or.cond634.us = select i1 %.726.us, i1 %.734.us, i1 false
  br i1 %or.cond634.us, label %B606.us, label %B1371.us

B606.us:                                          ; preds = %B574.us
  %.800.us = mul i64 %arg.height.5.1, %.651.us
  %25 = getelementptr float, ptr %arg.height.4, i64 %.800.us
  %.804.us = getelementptr float, ptr %25, i64 %.642.us
  %.805.us = load float, ptr %.804.us, align 4
  %.838.us = fpext float %.805.us to double
  %sunkaddr97 = mul i64 %.588654656.us, 8
  %sunkaddr98 = getelementptr i8, ptr %arg.tops.4, i64 %sunkaddr97
  store double %.838.us, ptr %sunkaddr98, align 8
  br label %B1371.us

B1371.us:                                         ; preds = %B606.us, %B574.us, %B542.us, %B518.us, %B362.us
  %lsr.iv.next = add i64 %lsr.iv, -1
  %.595.us = add nuw nsw i64 %.588654656.us, 1
  %.582.us = icmp samesign ugt i64 %lsr.iv.next, 1
  br i1 %.582.us, label %B362.us, label %B824.endif.us

B362.lr.ph.us:                                    ; preds = %B138.endif.endif.endif.endif.us
  %.626.us = uitofp nneg i64 %.13.i to double
  %26 = add i64 %.13.i, 2
  br label %B362.us

B136.B78.loopexit_crit_edge.us:                   ; preds = %B1348.us
  %.218.us = add nuw nsw i64 %.211774840.us, 1
  %exitcond1095.not = icmp eq i64 %.218.us, %arg.loss.5.0
  br i1 %exitcond1095.not, label %common.ret, label %B80.endif.us

common.ret:                                       ; preds = %B136.B78.loopexit_crit_edge.us, %B80.endif.lr.ph, %B0.endif
  store ptr null, ptr %retptr, align 8
  ret i32 0
}

; Function Attrs: nocallback nocreateundeforpoison nofree nosync nounwind speculatable willreturn memory(none)
declare i64 @llvm.smin.i64(i64, i64)

; Function Attrs: nocallback nocreateundeforpoison nofree nosync nounwind speculatable willreturn memory(none)
declare i64 @llvm.smax.i64(i64, i64)

define i32 @rays_cut(ptr noalias writeonly %retptr, ptr noalias writeonly %excinfo, ptr %arg.points.0, ptr readnone %arg.points.1, i64 %arg.points.2, i64 %arg.points.3, ptr readonly %arg.points.4, i64 %arg.points.5.0, i64 %arg.points.5.1, i64 %arg.points.6.0, i64 %arg.points.6.1, i64 %arg.start, ptr %arg.begins.0, ptr readnone %arg.begins.1, i64 %arg.begins.2, i64 %arg.begins.3, ptr %arg.begins.4, i64 %arg.begins.5.0, i64 %arg.begins.6.0, ptr %arg.room.0, ptr readnone %arg.room.1, i64 %arg.room.2, i64 %arg.room.3, ptr initializes((0, 8)) %arg.room.4, i64 %arg.room.5.0, i64 %arg.room.5.1, i64 %arg.room.6.0, i64 %arg.room.6.1) local_unnamed_addr {
B0:
  %.81 = alloca i64, align 8
  %arg.points.5.0.fr = freeze i64 %arg.points.5.0
  %excinfo.1 = alloca ptr, align 8
  %.127 = alloca ptr, align 8
  %excinfo.2 = alloca ptr, align 8
  store ptr null, ptr %excinfo.2, align 8
  %.494 = alloca [4 x double], align 8
  %excinfo.3 = alloca ptr, align 8
  %.1154 = alloca ptr, align 8
  %excinfo.5 = alloca ptr, align 8
  store ptr null, ptr %excinfo.5, align 8
  store i64 0, ptr %.81, align 8
  %.95 = call i32 @part2(ptr nonnull %.81, ptr nonnull %excinfo.1, ptr %arg.points.0, ptr %arg.points.1, i64 %arg.points.2, i64 %arg.points.3, ptr %arg.points.4, i64 %arg.points.5.0.fr, i64 %arg.points.5.1, i64 %arg.points.6.0, i64 %arg.points.6.1, i64 %arg.start, ptr %arg.begins.0, ptr %arg.begins.1, i64 %arg.begins.2, i64 %arg.begins.3, ptr %arg.begins.4, i64 %arg.begins.5.0, i64 %arg.begins.6.0, ptr %arg.room.0, ptr %arg.room.1, i64 %arg.room.2, i64 %arg.room.3, ptr %arg.room.4, i64 %arg.room.5.0, i64 %arg.room.5.1, i64 %arg.room.6.0, i64 %arg.room.6.1)
  %.105 = load i64, ptr %.81, align 8
  %cond = icmp eq i32 %.95, 0
  br i1 %cond, label %B0.endif, label %B0.if.if

B336:                                             ; preds = %B334.backedge, %B336.preheader
  %lsr.iv46 = phi i64 [ %rem.2.0, %B336.preheader ], [ %lsr.iv.next47, %B334.backedge ]
  %lsr.iv44 = phi i64 [ %.369, %B336.preheader ], [ %lsr.iv.next45, %B334.backedge ]
  %off.2.2645 = phi double [ %.13.i11, %B334.backedge ], [ 0.000000e+00, %B336.preheader ]
  %0 = icmp ne i64 %arg.points.5.0.fr, -1
  %1 = add i64 %lsr.iv44, %const
  %.686 = icmp ne i64 %1, 0
  %.688.not = or i1 %0, %.686
  br i1 %.688.not, label %B336.endif, label %B334.backedge

B476.loopexit26.unr-lcssa:                        ; preds = %B334.backedge.us
  %lcmp.mod.not = icmp eq i64 %xtraiter, 0
  br i1 %lcmp.mod.not, label %B476, label %B334.backedge.us.epil.preheader

B334.backedge.us.epil.preheader:                  ; preds = %B334.backedge.us.preheader, %B476.loopexit26.unr-lcssa
  %off.2.2645.us.epil.init = phi double [ 0.000000e+00, %B334.backedge.us.preheader ], [ %.13.i, %B476.loopexit26.unr-lcssa ]
  br label %B334.backedge.us.epil

B334.backedge.us.epil:                            ; preds = %B334.backedge.us.epil, %B334.backedge.us.epil.preheader
  %lsr.iv42 = phi i64 [ %lsr.iv.next43, %B334.backedge.us.epil ], [ %xtraiter, %B334.backedge.us.epil.preheader ]
  %off.2.2645.us.epil = phi double [ %.13.i.epil, %B334.backedge.us.epil ], [ %off.2.2645.us.epil.init, %B334.backedge.us.epil.preheader ]
  %.12.i.epil = fcmp nsz contract ogt double %.830.us, %off.2.2645.us.epil
  %.13.i.epil = select i1 %.12.i.epil, double %.830.us, double %off.2.2645.us.epil
  %lsr.iv.next43 = add nsw i64 %lsr.iv42, -1
  %epil.iter.cmp.not = icmp eq i64 %lsr.iv.next43, 0
  br i1 %epil.iter.cmp.not, label %B476, label %B334.backedge.us.epil

B476:                                             ; preds = %B334.backedge, %B164.endif.endif.endif.endif.endif, %B334.backedge.us.epil, %B476.loopexit26.unr-lcssa
  %off.2.2.lcssa = phi double [ 0.000000e+00, %B164.endif.endif.endif.endif.endif ], [ %.13.i11, %B334.backedge ], [ %.13.i, %B476.loopexit26.unr-lcssa ], [ %.13.i.epil, %B334.backedge.us.epil ]
  %.888 = fadd nsz contract double %best.2.1672, -1.000000e-09
  %.892 = fcmp nsz contract olt double %off.2.2.lcssa, %.888
  %where.3.2 = select i1 %.892, i64 %.260656669, i64 %where.2.1671
  %best.3.2 = select i1 %.892, double %off.2.2.lcssa, double %best.2.1672
  %exitcond775.not = icmp eq i64 %.267, %count.2.0
  br i1 %exitcond775.not, label %B504, label %B164.else.if

B504:                                             ; preds = %B476
  %.927 = icmp slt i64 %where.3.2, 0
  br i1 %.927, label %B606, label %B518.endif

B562:                                             ; preds = %B562.preheader36, %B562
  %lsr.iv48 = phi i64 [ %80, %B562.preheader36 ], [ %lsr.iv.next49, %B562 ]
  %.1033679681 = phi i64 [ %11, %B562 ], [ %.1033679681.unr, %B562.preheader36 ]
  %.1079 = icmp slt i64 %.1033679681, -1
  %.1080 = select i1 %.1079, i64 %arg.begins.5.0, i64 0
  %2 = shl i64 %.1080, 3
  %scevgep52 = getelementptr i8, ptr %arg.begins.4, i64 %2
  %3 = shl i64 %.1033679681, 3
  %scevgep53 = getelementptr i8, ptr %scevgep52, i64 %3
  %scevgep54 = getelementptr i8, ptr %scevgep53, i64 8
  %.1095 = load i64, ptr %scevgep54, align 8
  %.1109 = icmp slt i64 %.1033679681, 0
  %.1110 = select i1 %.1109, i64 %arg.begins.5.0, i64 0
  %4 = shl i64 %.1110, 3
  %scevgep50 = getelementptr i8, ptr %arg.begins.4, i64 %4
  %5 = shl i64 %.1033679681, 3
  %scevgep51 = getelementptr i8, ptr %scevgep50, i64 %5
  store i64 %.1095, ptr %scevgep51, align 8
  %6 = add i64 %.1033679681, 1
  %.1079.1 = icmp slt i64 %6, -1
  %.1080.1 = select i1 %.1079.1, i64 %arg.begins.5.0, i64 0
  %7 = shl i64 %.1080.1, 3
  %scevgep58 = getelementptr i8, ptr %arg.begins.4, i64 %7
  %8 = shl i64 %.1033679681, 3
  %scevgep59 = getelementptr i8, ptr %scevgep58, i64 %8
  %scevgep60 = getelementptr i8, ptr %scevgep59, i64 16
  %.1095.1 = load i64, ptr %scevgep60, align 8
  %.1109.1 = icmp slt i64 %6, 0
  %.1110.1 = select i1 %.1109.1, i64 %arg.begins.5.0, i64 0
  %9 = shl i64 %.1110.1, 3
  %scevgep55 = getelementptr i8, ptr %arg.begins.4, i64 %9
  %10 = shl i64 %.1033679681, 3
  %scevgep56 = getelementptr i8, ptr %scevgep55, i64 %10
  %scevgep57 = getelementptr i8, ptr %scevgep56, i64 8
  store i64 %.1095.1, ptr %scevgep57, align 8
  %lsr.iv.next49 = add i64 %lsr.iv48, -2
  %.1027.1 = icmp sgt i64 %lsr.iv.next49, 2
  %11 = add i64 %6, 1
  br i1 %.1027.1, label %B562, label %B594

B594:                                             ; preds = %B562.prol.loopexit, %B518.endif, %B562
  %indvar.next = add i64 %indvar, 1
  %.1138 = icmp sgt i64 %count.2.0, 4
  br i1 %.1138, label %B164.else.if.lr.ph, label %B606

B606:                                             ; preds = %B0.endif.endif, %B594, %B504
  %count.3.1 = phi i64 [ %.105, %B0.endif.endif ], [ 3, %B594 ], [ %count.2.0, %B504 ]
  %.1168 = call i32 @part3(ptr nonnull %.1154, ptr nonnull %excinfo.5, ptr %arg.points.0, ptr %arg.points.1, i64 %arg.points.2, i64 %arg.points.3, ptr %arg.points.4, i64 %arg.points.5.0.fr, i64 %arg.points.5.1, i64 %arg.points.6.0, i64 %arg.points.6.1, ptr %arg.begins.0, ptr %arg.begins.1, i64 %arg.begins.2, i64 %arg.begins.3, ptr %arg.begins.4, i64 %arg.begins.5.0, i64 %arg.begins.6.0, i64 %count.3.1, ptr %arg.room.0, ptr %arg.room.1, i64 %arg.room.2, i64 %arg.room.3, ptr %arg.room.4, i64 %arg.room.5.0, i64 %arg.room.5.1, i64 %arg.room.6.0, i64 %arg.room.6.1)
  %cond13 = icmp eq i32 %.1168, 0
  br i1 %cond13, label %B606.endif.endif, label %B606.if.if

B762:                                             ; preds = %B762.preheader, %B928
  %.1514731733 = phi i64 [ %.1521, %B928 ], [ 1, %B762.preheader ]
  %.1521 = add nuw i64 %.1514731733, 1
  %12 = getelementptr i64, ptr %arg.begins.4, i64 %.1514731733
  %.1586 = getelementptr i8, ptr %12, i64 -8
  %.1587 = load i64, ptr %.1586, align 8
  %.1618 = load i64, ptr %12, align 8
  %.1621 = icmp sgt i64 %.1587, %.1618
  br i1 %.1621, label %B804.preheader, label %B928

B804.preheader:                                   ; preds = %B762
  br label %B804

B804:                                             ; preds = %B886, %B804.preheader
  %j.3.2 = phi i64 [ %.1658, %B886 ], [ %.1514731733, %B804.preheader ]
  %13 = shl i64 %j.3.2, 3
  %scevgep40 = getelementptr i8, ptr %arg.begins.4, i64 %13
  %14 = shl i64 %j.3.2, 3
  %scevgep = getelementptr i8, ptr %arg.begins.4, i64 %14
  %scevgep37 = getelementptr i8, ptr %scevgep, i64 -8
  %.1688 = load i64, ptr %scevgep37, align 8
  store i64 %.1688, ptr %scevgep40, align 8
  store i64 %.1618, ptr %scevgep37, align 8
  %.1760 = icmp sgt i64 %j.3.2, 1
  br i1 %.1760, label %B886, label %B928

B886:                                             ; preds = %B804
  %15 = shl i64 %j.3.2, 3
  %scevgep38 = getelementptr i8, ptr %arg.begins.4, i64 %15
  %scevgep39 = getelementptr i8, ptr %scevgep38, i64 -16
  %.1796 = load i64, ptr %scevgep39, align 8
  %.1830 = icmp sgt i64 %.1796, %.1618
  %.1658 = add nsw i64 %j.3.2, -1
  br i1 %.1830, label %B804, label %B928

B928:                                             ; preds = %B886, %B804, %B762
  %exitcond779.not = icmp eq i64 %.1521, %count.3.1
  br i1 %exitcond779.not, label %B930, label %B762

common.ret:                                       ; preds = %B606.if.if, %B164.endif.endif.endif.if.if, %B0.endif.if.if, %B0.if.if, %B930
  %common.ret.op = phi i32 [ 0, %B930 ], [ %.95, %B0.if.if ], [ %.141, %B0.endif.if.if ], [ %.502, %B164.endif.endif.endif.if.if ], [ %.1168, %B606.if.if ]
  ret i32 %common.ret.op

B930:                                             ; preds = %B710.endif, %B928
  store i64 %count.3.1, ptr %retptr, align 8
  br label %common.ret

B0.endif:                                         ; preds = %B0
  %.141 = call i32 @part3(ptr nonnull %.127, ptr nonnull %excinfo.2, ptr %arg.points.0, ptr %arg.points.1, i64 %arg.points.2, i64 %arg.points.3, ptr %arg.points.4, i64 %arg.points.5.0.fr, i64 %arg.points.5.1, i64 %arg.points.6.0, i64 %arg.points.6.1, ptr %arg.begins.0, ptr %arg.begins.1, i64 %arg.begins.2, i64 %arg.begins.3, ptr %arg.begins.4, i64 %arg.begins.5.0, i64 %arg.begins.6.0, i64 %.105, ptr %arg.room.0, ptr %arg.room.1, i64 %arg.room.2, i64 %arg.room.3, ptr %arg.room.4, i64 %arg.room.5.0, i64 %arg.room.5.1, i64 %arg.room.6.0, i64 %arg.room.6.1)
  %cond12 = icmp eq i32 %.141, 0
  br i1 %cond12, label %B0.endif.endif, label %B0.endif.if.if

B0.if.if:                                         ; preds = %B0
  store ptr null, ptr %excinfo, align 8
  br label %common.ret

B0.endif.endif:                                   ; preds = %B0.endif
  %.161 = icmp sgt i64 %.105, 3
  br i1 %.161, label %B114.endif.preheader, label %B606

B114.endif.preheader:                             ; preds = %B0.endif.endif
  %const = bitcast i64 -9223372036854775808 to i64
  %16 = add nsw i64 %.105, -2
  br label %B164.else.if.lr.ph

B0.endif.if.if:                                   ; preds = %B0.endif
  %.149 = icmp sgt i32 %.141, 0
  %.142 = load ptr, ptr %excinfo.2, align 8
  %.150 = select i1 %.149, ptr %.142, ptr undef
  store ptr %.150, ptr %excinfo, align 8
  br label %common.ret

B164.else.if.lr.ph:                               ; preds = %B114.endif.preheader, %B594
  %indvar = phi i64 [ %indvar.next, %B594 ], [ 0, %B114.endif.preheader ]
  %count.2.0 = phi i64 [ %.296, %B594 ], [ %.105, %B114.endif.preheader ]
  %.296 = add nsw i64 %count.2.0, -1
  br label %B164.else.if

B164.else.if:                                     ; preds = %B164.else.if.lr.ph, %B476
  %best.2.1672 = phi double [ 5.600000e-01, %B164.else.if.lr.ph ], [ %best.3.2, %B476 ]
  %where.2.1671 = phi i64 [ -1, %B164.else.if.lr.ph ], [ %where.3.2, %B476 ]
  %.260656669 = phi i64 [ 0, %B164.else.if.lr.ph ], [ %.267, %B476 ]
  %.267 = add nuw nsw i64 %.260656669, 1
  %.298 = add i64 %.260656669, %.296
  %17 = or i64 %.298, %count.2.0
  %18 = and i64 %17, -4294967296
  %19 = icmp eq i64 %18, 0
  br i1 %19, label %20, label %25

20:                                               ; preds = %B164.else.if
  %21 = trunc i64 %count.2.0 to i32
  %22 = trunc i64 %.298 to i32
  %23 = urem i32 %22, %21
  %24 = zext i32 %23 to i64
  br label %27

25:                                               ; preds = %B164.else.if
  %26 = srem i64 %.298, %count.2.0
  br label %27

27:                                               ; preds = %25, %20
  %28 = phi i64 [ %24, %20 ], [ %26, %25 ]
  %.320 = xor i64 %28, %count.2.0
  %.321 = icmp slt i64 %.320, 0
  %.330 = select i1 %.321, i64 %count.2.0, i64 0
  %.310.1 = add i64 %.330, %28
  %.353 = icmp slt i64 %.310.1, 0
  %.354 = select i1 %.353, i64 %arg.begins.5.0, i64 0
  %29 = getelementptr i64, ptr %arg.begins.4, i64 %.310.1
  %.368 = getelementptr i64, ptr %29, i64 %.354
  %.369 = load i64, ptr %.368, align 8
  %30 = or i64 %.267, %count.2.0
  %31 = and i64 %30, -4294967296
  %32 = icmp eq i64 %31, 0
  br i1 %32, label %33, label %38

33:                                               ; preds = %27
  %34 = trunc i64 %count.2.0 to i32
  %35 = trunc i64 %.267 to i32
  %36 = urem i32 %35, %34
  %37 = zext i32 %36 to i64
  br label %40

38:                                               ; preds = %27
  %39 = srem i64 %.267, %count.2.0
  br label %40

40:                                               ; preds = %38, %33
  %41 = phi i64 [ %37, %33 ], [ %39, %38 ]
  %42 = icmp ne i64 %arg.points.5.0.fr, -1
  %43 = icmp ne i64 %arg.points.5.0.fr, 0
  %44 = getelementptr i64, ptr %arg.begins.4, i64 %41
  %.442 = load i64, ptr %44, align 8
  %45 = xor i64 %.369, -1
  %.448 = add i64 %.442, %45
  %.463 = icmp ne i64 %.448, %const
  %.465.not = or i1 %42, %.463
  %or.cond = select i1 %43, i1 %.465.not, i1 false
  br i1 %or.cond, label %B164.endif.endif.else.if, label %B164.endif.endif.endif

B164.endif.endif.endif:                           ; preds = %56, %40
  %rem.2.0 = phi i64 [ 1, %40 ], [ %58, %56 ]
  call void @llvm.memset.p0.i64(ptr noundef nonnull align 8 dereferenceable(32) %.494, i8 0, i64 32, i1 false)
  %.502 = call i32 @part1(ptr nonnull %.494, ptr nonnull %excinfo.3, ptr %arg.points.0, ptr %arg.points.1, i64 %arg.points.2, i64 %arg.points.3, ptr %arg.points.4, i64 %arg.points.5.0.fr, i64 %arg.points.5.1, i64 %arg.points.6.0, i64 %arg.points.6.1, i64 %.369, i64 %rem.2.0)
  %.512.fca.0.load = load double, ptr %.494, align 8
  %sunkaddr = getelementptr inbounds i8, ptr %.494, i64 8
  %.512.fca.1.load = load double, ptr %sunkaddr, align 8
  %sunkaddr61 = getelementptr inbounds i8, ptr %.494, i64 16
  %.512.fca.2.load = load double, ptr %sunkaddr61, align 8
  %sunkaddr62 = getelementptr inbounds i8, ptr %.494, i64 24
  %.512.fca.3.load = load double, ptr %sunkaddr62, align 8
  switch i32 %.502, label %B164.endif.endif.endif.if.if [
    i32 -2, label %B164.endif.endif.endif.endif.endif
    i32 0, label %B164.endif.endif.endif.endif.endif
  ]

B164.endif.endif.else.if:                         ; preds = %40
  %46 = or i64 %.448, %arg.points.5.0.fr
  %47 = and i64 %46, -4294967296
  %48 = icmp eq i64 %47, 0
  br i1 %48, label %49, label %54

49:                                               ; preds = %B164.endif.endif.else.if
  %50 = trunc i64 %arg.points.5.0.fr to i32
  %51 = trunc i64 %.448 to i32
  %52 = urem i32 %51, %50
  %53 = zext i32 %52 to i64
  br label %56

54:                                               ; preds = %B164.endif.endif.else.if
  %55 = srem i64 %.448, %arg.points.5.0.fr
  br label %56

56:                                               ; preds = %54, %49
  %57 = phi i64 [ %53, %49 ], [ %55, %54 ]
  %.470 = xor i64 %57, %arg.points.5.0.fr
  %.471 = icmp slt i64 %.470, 0
  %.472 = icmp ne i64 %57, 0
  %.473 = and i1 %.472, %.471
  %.480 = select i1 %.473, i64 %arg.points.5.0.fr, i64 0
  %spec.select = add i64 %57, 1
  %58 = add i64 %spec.select, %.480
  br label %B164.endif.endif.endif

B164.endif.endif.endif.if.if:                     ; preds = %B164.endif.endif.endif
  store ptr null, ptr %excinfo, align 8
  br label %common.ret

B164.endif.endif.endif.endif.endif:               ; preds = %B164.endif.endif.endif, %B164.endif.endif.endif
  %.632642.not = icmp slt i64 %rem.2.0, 1
  br i1 %.632642.not, label %B476, label %B336.lr.ph

B336.lr.ph:                                       ; preds = %B164.endif.endif.endif.endif.endif
  %59 = icmp ne i64 %arg.points.5.0.fr, 0
  br i1 %59, label %B336.preheader, label %B334.backedge.us.preheader

B336.preheader:                                   ; preds = %B336.lr.ph
  br label %B336

B334.backedge.us.preheader:                       ; preds = %B336.lr.ph
  %.766.us = load double, ptr %arg.points.4, align 8
  %.768.us = fsub nsz contract double %.766.us, %.512.fca.0.load
  %.770.us = fmul nsz contract double %.512.fca.2.load, %.768.us
  %sunkaddr63 = getelementptr i8, ptr %arg.points.4, i64 8
  %.824.us = load double, ptr %sunkaddr63, align 8
  %.826.us = fsub nsz contract double %.824.us, %.512.fca.1.load
  %.828.us = fmul nsz contract double %.512.fca.3.load, %.826.us
  %.829.us = fadd nsz contract double %.770.us, %.828.us
  %.830.us = tail call nsz contract double @llvm.fabs.f64(double %.829.us)
  %xtraiter = and i64 %rem.2.0, 3
  %60 = icmp ult i64 %rem.2.0, 4
  br i1 %60, label %B334.backedge.us.epil.preheader, label %B334.backedge.us.preheader.new

B334.backedge.us.preheader.new:                   ; preds = %B334.backedge.us.preheader
  %const_mat = add i64 %const, -4
  %unroll_iter = and i64 %rem.2.0, %const_mat
  br label %B334.backedge.us

B334.backedge.us:                                 ; preds = %B334.backedge.us, %B334.backedge.us.preheader.new
  %lsr.iv = phi i64 [ %lsr.iv.next, %B334.backedge.us ], [ %unroll_iter, %B334.backedge.us.preheader.new ]
  %off.2.2645.us = phi double [ 0.000000e+00, %B334.backedge.us.preheader.new ], [ %.13.i, %B334.backedge.us ]
  %.12.i = fcmp nsz contract ogt double %.830.us, %off.2.2645.us
  %.13.i = select i1 %.12.i, double %.830.us, double %off.2.2645.us
  %lsr.iv.next = add nsw i64 %lsr.iv, -4
  %niter.ncmp.3 = icmp eq i64 %lsr.iv.next, 0
  br i1 %niter.ncmp.3, label %B476.loopexit26.unr-lcssa, label %B334.backedge.us

B336.endif:                                       ; preds = %B336
  %61 = or i64 %lsr.iv44, %arg.points.5.0.fr
  %62 = and i64 %61, -4294967296
  %63 = icmp eq i64 %62, 0
  br i1 %63, label %64, label %69

64:                                               ; preds = %B336.endif
  %65 = trunc i64 %arg.points.5.0.fr to i32
  %66 = trunc i64 %lsr.iv44 to i32
  %67 = urem i32 %66, %65
  %68 = zext i32 %67 to i64
  br label %71

69:                                               ; preds = %B336.endif
  %70 = srem i64 %lsr.iv44, %arg.points.5.0.fr
  br label %71

71:                                               ; preds = %69, %64
  %72 = phi i64 [ %68, %64 ], [ %70, %69 ]
  %.693 = xor i64 %72, %arg.points.5.0.fr
  %.694 = icmp slt i64 %.693, 0
  %.695 = icmp ne i64 %72, 0
  %.696 = and i1 %.695, %.694
  %.703 = select i1 %.696, i64 %arg.points.5.0.fr, i64 0
  %spec.select631 = add i64 %.703, %72
  %73 = freeze i64 %spec.select631
  %.739 = icmp slt i64 %73, 0
  %spec.select793 = select i1 %.739, i64 %arg.points.5.0.fr, i64 0
  %74 = add i64 %spec.select793, %73
  %75 = mul i64 %74, %arg.points.5.1
  br label %B334.backedge

B334.backedge:                                    ; preds = %71, %B336
  %spec.select630 = phi i64 [ 0, %B336 ], [ %75, %71 ]
  %.765 = getelementptr double, ptr %arg.points.4, i64 %spec.select630
  %.766 = load double, ptr %.765, align 8
  %.768 = fsub nsz contract double %.766, %.512.fca.0.load
  %.770 = fmul nsz contract double %.512.fca.2.load, %.768
  %.823 = getelementptr i8, ptr %.765, i64 8
  %.824 = load double, ptr %.823, align 8
  %.826 = fsub nsz contract double %.824, %.512.fca.1.load
  %.828 = fmul nsz contract double %.512.fca.3.load, %.826
  %.829 = fadd nsz contract double %.770, %.828
  %.830 = tail call nsz contract double @llvm.fabs.f64(double %.829)
  %.12.i10 = fcmp nsz contract ogt double %.830, %off.2.2645
  %.13.i11 = select i1 %.12.i10, double %.830, double %off.2.2645
  %lsr.iv.next45 = add i64 %lsr.iv44, 1
  %lsr.iv.next47 = add i64 %lsr.iv46, -1
  %exitcond774.not = icmp eq i64 %lsr.iv.next47, 0
  br i1 %exitcond774.not, label %B476, label %B336

B518.endif:                                       ; preds = %B504
  %.984 = sub i64 %.296, %where.3.2
  %.1027680.not = icmp slt i64 %.984, 1
  br i1 %.1027680.not, label %B594, label %B562.preheader

B562.preheader:                                   ; preds = %B518.endif
  %76 = add i64 %indvar, %where.3.2
  %xtraiter31 = and i64 %.984, 1
  %lcmp.mod32.not = icmp eq i64 %xtraiter31, 0
  br i1 %lcmp.mod32.not, label %B562.prol.loopexit, label %B562.prol

B562.prol:                                        ; preds = %B562.preheader
  %.1036.prol = add nsw i64 %.984, -1
  %.1040.prol = add nuw i64 %where.3.2, 1
  %77 = getelementptr i64, ptr %arg.begins.4, i64 %where.3.2
  %78 = getelementptr i8, ptr %77, i64 8
  %.1095.prol = load i64, ptr %78, align 8
  store i64 %.1095.prol, ptr %77, align 8
  br label %B562.prol.loopexit

B562.prol.loopexit:                               ; preds = %B562.prol, %B562.preheader
  %.1026678682.unr = phi i64 [ %.984, %B562.preheader ], [ %.1036.prol, %B562.prol ]
  %.1033679681.unr = phi i64 [ %where.3.2, %B562.preheader ], [ %.1040.prol, %B562.prol ]
  %79 = icmp eq i64 %16, %76
  br i1 %79, label %B594, label %B562.preheader36

B562.preheader36:                                 ; preds = %B562.prol.loopexit
  %80 = add i64 %.1026678682.unr, 2
  br label %B562

B606.if.if:                                       ; preds = %B606
  %.1176 = icmp sgt i32 %.1168, 0
  %.1169 = load ptr, ptr %excinfo.5, align 8
  %.1177 = select i1 %.1176, ptr %.1169, ptr undef
  store ptr %.1177, ptr %excinfo, align 8
  br label %common.ret

B606.endif.endif:                                 ; preds = %B606
  %.1282707.not = icmp slt i64 %count.3.1, 1
  br i1 %.1282707.not, label %B710.endif, label %B674.lr.ph

B674.lr.ph:                                       ; preds = %B606.endif.endif
  %arg.points.5.0.fr.off = add i64 %arg.points.5.0.fr, -1
  %switch = icmp ult i64 %arg.points.5.0.fr.off, -2
  br i1 %switch, label %B674.us714, label %B710.endif.sink.split

B674.us714:                                       ; preds = %92, %B674.lr.ph
  %.1288706708.us716 = phi i64 [ %.1295.us718, %92 ], [ 0, %B674.lr.ph ]
  %.1295.us718 = add nuw nsw i64 %.1288706708.us716, 1
  %81 = shl i64 %.1288706708.us716, 3
  %scevgep41 = getelementptr i8, ptr %arg.begins.4, i64 %81
  %.1349.us722 = load i64, ptr %scevgep41, align 8
  %82 = or i64 %.1349.us722, %arg.points.5.0.fr
  %83 = and i64 %82, -4294967296
  %84 = icmp eq i64 %83, 0
  br i1 %84, label %85, label %90

85:                                               ; preds = %B674.us714
  %86 = trunc i64 %arg.points.5.0.fr to i32
  %87 = trunc i64 %.1349.us722 to i32
  %88 = urem i32 %87, %86
  %89 = zext i32 %88 to i64
  br label %92

90:                                               ; preds = %B674.us714
  %91 = srem i64 %.1349.us722, %arg.points.5.0.fr
  br label %92

92:                                               ; preds = %90, %85
  %93 = phi i64 [ %89, %85 ], [ %91, %90 ]
  %.1371.us = xor i64 %93, %arg.points.5.0.fr
  %.1372.us = icmp slt i64 %.1371.us, 0
  %.1373.us = icmp ne i64 %93, 0
  %.1374.us = and i1 %.1373.us, %.1372.us
  %.1381.us = select i1 %.1374.us, i64 %arg.points.5.0.fr, i64 0
  %spec.select632.us = add i64 %.1381.us, %93
  %sunkaddr64 = mul i64 %.1288706708.us716, 8
  %sunkaddr65 = getelementptr i8, ptr %arg.begins.4, i64 %sunkaddr64
  store i64 %spec.select632.us, ptr %sunkaddr65, align 8
  %exitcond776.not = icmp eq i64 %count.3.1, %.1295.us718
  br i1 %exitcond776.not, label %B710.endif, label %B674.us714

B710.endif.sink.split:                            ; preds = %B674.lr.ph
  %94 = shl nuw i64 %count.3.1, 3
  tail call void @llvm.memset.p0.i64(ptr align 8 %arg.begins.4, i8 0, i64 %94, i1 false)
  br label %B710.endif

B710.endif:                                       ; preds = %B710.endif.sink.split, %92, %B606.endif.endif
  %.1465 = add i64 %count.3.1, -1
  %.1508732.not = icmp slt i64 %.1465, 1
  br i1 %.1508732.not, label %B930, label %B762.preheader

B762.preheader:                                   ; preds = %B710.endif
  br label %B762
}

define internal noundef i32 @part2(ptr noalias writeonly %retptr, ptr noalias readnone %excinfo, ptr %arg.points.0, ptr readnone %arg.points.1, i64 %arg.points.2, i64 %arg.points.3, ptr readonly %arg.points.4, i64 %arg.points.5.0, i64 %arg.points.5.1, i64 %arg.points.6.0, i64 %arg.points.6.1, i64 %arg.start, ptr %arg.begins.0, ptr readnone %arg.begins.1, i64 %arg.begins.2, i64 %arg.begins.3, ptr %arg.begins.4, i64 %arg.begins.5.0, i64 %arg.begins.6.0, ptr %arg.room.0, ptr readnone %arg.room.1, i64 %arg.room.2, i64 %arg.room.3, ptr initializes((0, 8)) %arg.room.4, i64 %arg.room.5.0, i64 %arg.room.5.1, i64 %arg.room.6.0, i64 %arg.room.6.1) local_unnamed_addr {
B0.endif:
  %.117 = icmp sgt i64 %arg.points.5.0, 0
  br i1 %.117, label %B62.preheader, label %B76

B62.preheader:                                    ; preds = %B0.endif
  %0 = shl nuw i64 %arg.points.5.0, 3
  tail call void @llvm.memset.p0.i64(ptr align 8 %arg.begins.4, i8 0, i64 %0, i1 false)
  br label %B76

B76:                                              ; preds = %B62.preheader, %B0.endif
  %const = bitcast i64 9223372036854775806 to i64
  %.248 = icmp slt i64 %arg.start, 0
  %.249 = select i1 %.248, i64 %arg.begins.5.0, i64 0
  %1 = getelementptr i64, ptr %arg.begins.4, i64 %arg.start
  %.263 = getelementptr i64, ptr %1, i64 %.249
  store i64 1, ptr %.263, align 8
  %.267 = add nsw i64 %arg.start, %arg.points.5.0
  store i64 %arg.start, ptr %arg.room.4, align 8
  %.381 = getelementptr i64, ptr %arg.room.4, i64 %arg.room.5.1
  store i64 %.267, ptr %.381, align 8
  %.801610 = mul nuw nsw i64 %arg.points.5.1, %arg.points.5.0
  %.805611 = getelementptr double, ptr %arg.points.4, i64 %.801610
  %2 = trunc nuw i64 %arg.points.5.0 to i32
  br label %B132

B132:                                             ; preds = %B706, %B76
  %waiting.3.0 = phi i64 [ 1, %B76 ], [ %waiting.4.1, %B706 ]
  %3 = icmp ne i64 %arg.points.5.0, 0
  %4 = icmp ne i64 %arg.points.5.0, -1
  %.391 = add nsw i64 %waiting.3.0, -1
  %.450 = getelementptr i64, ptr %arg.room.4, i64 %.391
  %.451 = load i64, ptr %.450, align 8
  %.505 = getelementptr i64, ptr %.381, i64 %.391
  %.506 = load i64, ptr %.505, align 8
  %const_mat = add i64 %const, 2
  %.528 = icmp ne i64 %.451, %const_mat
  %.530.not = or i1 %4, %.528
  %or.cond = select i1 %3, i1 %.530.not, i1 false
  br i1 %or.cond, label %B132.endif, label %40

B390:                                             ; preds = %B390.preheader, %B562
  %lsr.iv35 = phi i64 [ %.953, %B390.preheader ], [ %lsr.iv.next36, %B562 ]
  %lsr.iv = phi i64 [ %85, %B390.preheader ], [ %lsr.iv.next, %B562 ]
  %lsr.iv45 = phi i64 [ %84, %B390.preheader ], [ %lsr.iv.next46, %B562 ]
  %at.2.1699 = phi i64 [ 0, %B390.preheader ], [ %at.3.2, %B562 ]
  %worst.2.1698 = phi double [ -1.000000e+00, %B390.preheader ], [ %worst.3.2, %B562 ]
  %5 = icmp ne i64 %arg.points.5.0, -1
  %.1090 = icmp ne i64 %lsr.iv, 0
  %.1092.not = or i1 %5, %.1090
  br i1 %.1092.not, label %B390.endif.else.if, label %B390.endif.endif.thread

B468:                                             ; preds = %B390.endif.endif.thread
  %.1282 = fmul nsz contract double %.808606625, %.1270
  %.1287 = fmul nsz contract double %.906, %.1172644661
  %.1290 = fsub nsz contract double %.1282, %.1287
  %.1291 = tail call nsz contract double @llvm.fabs.f64(double %.1290)
  %.1296 = fdiv nsz contract double %.1291, %.6.i8
  br label %B562

B522:                                             ; preds = %B390.endif.endif.thread
  %.6.i = tail call nsz contract double @hypot(double %.1172644661, double %.1270)
  br label %B562

B562:                                             ; preds = %B522, %B468
  %"$phi562.1.2.2" = phi double [ %.1296, %B468 ], [ %.6.i, %B522 ]
  %.1352 = fcmp nsz contract ogt double %"$phi562.1.2.2", %worst.2.1698
  %worst.3.2 = select i1 %.1352, double %"$phi562.1.2.2", double %worst.2.1698
  %at.3.2 = select i1 %.1352, i64 %lsr.iv35, i64 %at.2.1699
  %lsr.iv.next46 = add i64 %lsr.iv45, -1
  %lsr.iv.next = add i64 %lsr.iv, 1
  %lsr.iv.next36 = add i64 %lsr.iv35, 1
  %.1034 = icmp samesign ugt i64 %lsr.iv.next46, 1
  br i1 %.1034, label %B390, label %B586

B586.loopexit18.unr-lcssa.unr-lcssa:              ; preds = %B390.us.us
  %6 = and i64 %95, 1
  %lcmp.mod21.not = icmp eq i64 %6, 0
  br i1 %lcmp.mod21.not, label %B586.loopexit18.unr-lcssa, label %B390.us.us.epil.preheader13

B390.us.us.epil.preheader13:                      ; preds = %B390.lr.ph.split.us.split.us.new, %B586.loopexit18.unr-lcssa.unr-lcssa
  %at.2.1699.us.us.epil.init18 = phi i64 [ 0, %B390.lr.ph.split.us.split.us.new ], [ %at.3.2.us.us, %B586.loopexit18.unr-lcssa.unr-lcssa ]
  %worst.2.1698.us.us.epil.init19 = phi double [ -1.000000e+00, %B390.lr.ph.split.us.split.us.new ], [ %worst.3.2.us.us, %B586.loopexit18.unr-lcssa.unr-lcssa ]
  %.1040694696.us.us.epil.init20 = phi i64 [ %.953, %B390.lr.ph.split.us.split.us.new ], [ %.1047.us.us.1.1, %B586.loopexit18.unr-lcssa.unr-lcssa ]
  %.1352.us.us.epil15 = fcmp nsz contract ogt double %.1296.us.us, %worst.2.1698.us.us.epil.init19
  %worst.3.2.us.us.epil16 = select i1 %.1352.us.us.epil15, double %.1296.us.us, double %worst.2.1698.us.us.epil.init19
  %at.3.2.us.us.epil17 = select i1 %.1352.us.us.epil15, i64 %.1040694696.us.us.epil.init20, i64 %at.2.1699.us.us.epil.init18
  br label %B586.loopexit18.unr-lcssa

B586.loopexit18.unr-lcssa:                        ; preds = %B390.us.us.epil.preheader13, %B586.loopexit18.unr-lcssa.unr-lcssa
  %worst.3.2.us.us.lcssa = phi double [ %worst.3.2.us.us, %B586.loopexit18.unr-lcssa.unr-lcssa ], [ %worst.3.2.us.us.epil16, %B390.us.us.epil.preheader13 ]
  %at.3.2.us.us.lcssa = phi i64 [ %at.3.2.us.us, %B586.loopexit18.unr-lcssa.unr-lcssa ], [ %at.3.2.us.us.epil17, %B390.us.us.epil.preheader13 ]
  %7 = add i64 %.953, %unroll_iter28
  %8 = and i64 %..991, 1
  %lcmp.mod24.not = icmp eq i64 %8, 0
  br i1 %lcmp.mod24.not, label %B586, label %B390.us.us.epil.preheader

B390.us.us.epil.preheader:                        ; preds = %B390.lr.ph.split.us.split.us, %B586.loopexit18.unr-lcssa
  %at.2.1699.us.us.epil.init = phi i64 [ 0, %B390.lr.ph.split.us.split.us ], [ %at.3.2.us.us.lcssa, %B586.loopexit18.unr-lcssa ]
  %worst.2.1698.us.us.epil.init = phi double [ -1.000000e+00, %B390.lr.ph.split.us.split.us ], [ %worst.3.2.us.us.lcssa, %B586.loopexit18.unr-lcssa ]
  %.1040694696.us.us.epil.init = phi i64 [ %.953, %B390.lr.ph.split.us.split.us ], [ %7, %B586.loopexit18.unr-lcssa ]
  %.1352.us.us.epil = fcmp nsz contract ogt double %.1296.us.us, %worst.2.1698.us.us.epil.init
  %worst.3.2.us.us.epil = select i1 %.1352.us.us.epil, double %.1296.us.us, double %worst.2.1698.us.us.epil.init
  %at.3.2.us.us.epil = select i1 %.1352.us.us.epil, i64 %.1040694696.us.us.epil.init, i64 %at.2.1699.us.us.epil.init
  br label %B586

B586.loopexit19.unr-lcssa.unr-lcssa:              ; preds = %B562.us
  %9 = and i64 %90, 1
  %lcmp.mod.not27 = icmp eq i64 %9, 0
  br i1 %lcmp.mod.not27, label %B586.loopexit19.unr-lcssa, label %B562.us.epil.preheader2

B562.us.epil.preheader2:                          ; preds = %B562.us.preheader.new, %B586.loopexit19.unr-lcssa.unr-lcssa
  %at.2.1699.us.epil.init6 = phi i64 [ 0, %B562.us.preheader.new ], [ %at.3.2.us, %B586.loopexit19.unr-lcssa.unr-lcssa ]
  %worst.2.1698.us.epil.init7 = phi double [ -1.000000e+00, %B562.us.preheader.new ], [ %worst.3.2.us, %B586.loopexit19.unr-lcssa.unr-lcssa ]
  %.1040694696.us.epil.init8 = phi i64 [ %.953, %B562.us.preheader.new ], [ %.1047.us.1.1, %B586.loopexit19.unr-lcssa.unr-lcssa ]
  %.1352.us.epil3 = fcmp nsz contract ogt double %.6.i9, %worst.2.1698.us.epil.init7
  %worst.3.2.us.epil4 = select i1 %.1352.us.epil3, double %.6.i9, double %worst.2.1698.us.epil.init7
  %at.3.2.us.epil5 = select i1 %.1352.us.epil3, i64 %.1040694696.us.epil.init8, i64 %at.2.1699.us.epil.init6
  br label %B586.loopexit19.unr-lcssa

B586.loopexit19.unr-lcssa:                        ; preds = %B562.us.epil.preheader2, %B586.loopexit19.unr-lcssa.unr-lcssa
  %worst.3.2.us.lcssa = phi double [ %worst.3.2.us, %B586.loopexit19.unr-lcssa.unr-lcssa ], [ %worst.3.2.us.epil4, %B562.us.epil.preheader2 ]
  %at.3.2.us.lcssa = phi i64 [ %at.3.2.us, %B586.loopexit19.unr-lcssa.unr-lcssa ], [ %at.3.2.us.epil5, %B562.us.epil.preheader2 ]
  %10 = add i64 %.953, %unroll_iter
  %11 = and i64 %..991, 1
  %lcmp.mod.not = icmp eq i64 %11, 0
  br i1 %lcmp.mod.not, label %B586, label %B562.us.epil.preheader

B562.us.epil.preheader:                           ; preds = %B562.us.preheader, %B586.loopexit19.unr-lcssa
  %at.2.1699.us.epil.init = phi i64 [ 0, %B562.us.preheader ], [ %at.3.2.us.lcssa, %B586.loopexit19.unr-lcssa ]
  %worst.2.1698.us.epil.init = phi double [ -1.000000e+00, %B562.us.preheader ], [ %worst.3.2.us.lcssa, %B586.loopexit19.unr-lcssa ]
  %.1040694696.us.epil.init = phi i64 [ %.953, %B562.us.preheader ], [ %10, %B586.loopexit19.unr-lcssa ]
  %.1352.us.epil = fcmp nsz contract ogt double %.6.i9, %worst.2.1698.us.epil.init
  %worst.3.2.us.epil = select i1 %.1352.us.epil, double %.6.i9, double %worst.2.1698.us.epil.init
  %at.3.2.us.epil = select i1 %.1352.us.epil, i64 %.1040694696.us.epil.init, i64 %at.2.1699.us.epil.init
  br label %B586

B586:                                             ; preds = %B562.us.epil.preheader, %B586.loopexit19.unr-lcssa, %B390.us.us.epil.preheader, %B586.loopexit18.unr-lcssa, %B562
  %worst.2.1.lcssa = phi double [ %worst.3.2.us.epil, %B562.us.epil.preheader ], [ %worst.3.2.us.us.epil, %B390.us.us.epil.preheader ], [ %worst.3.2.us.us.lcssa, %B586.loopexit18.unr-lcssa ], [ %worst.3.2.us.lcssa, %B586.loopexit19.unr-lcssa ], [ %worst.3.2, %B562 ]
  %at.2.1.lcssa = phi i64 [ %at.3.2.us.epil, %B562.us.epil.preheader ], [ %at.3.2.us.us.epil, %B390.us.us.epil.preheader ], [ %at.3.2.us.us.lcssa, %B586.loopexit18.unr-lcssa ], [ %at.3.2.us.lcssa, %B586.loopexit19.unr-lcssa ], [ %at.3.2, %B562 ]
  %.1401 = fcmp nsz contract ogt double %worst.2.1.lcssa, 8.000000e-01
  br i1 %.1401, label %B608, label %B706

B608:                                             ; preds = %B586
  %12 = icmp ne i64 %arg.points.5.0, 0
  %13 = icmp ne i64 %arg.points.5.0, -1
  %const_mat41 = add i64 %const, 2
  %.1420 = icmp ne i64 %at.2.1.lcssa, %const_mat41
  %.1422.not = or i1 %13, %.1420
  %or.cond730 = select i1 %12, i1 %.1422.not, i1 false
  br i1 %or.cond730, label %B608.else.if, label %B608.endif.thread

B706:                                             ; preds = %B608.endif.thread, %B132.endif.endif.endif.endif.endif.endif, %B586
  %waiting.4.1 = phi i64 [ %.1710, %B608.endif.thread ], [ %.391, %B586 ], [ %.391, %B132.endif.endif.endif.endif.endif.endif ]
  %.1728 = icmp sgt i64 %waiting.4.1, 0
  br i1 %.1728, label %B132, label %B720.endif

B756:                                             ; preds = %B756.preheader.new, %B802.1
  %count.2.0725 = phi i64 [ 0, %B756.preheader.new ], [ %count.3.1.1, %B802.1 ]
  %.1844721723 = phi i64 [ 0, %B756.preheader.new ], [ %.1851.1, %B802.1 ]
  %14 = add i64 %.1844721723, 1
  %sunkaddr44 = mul i64 %.1844721723, 8
  %sunkaddr45 = getelementptr i8, ptr %arg.begins.4, i64 %sunkaddr44
  %.1913 = load i64, ptr %sunkaddr45, align 8
  %.1914 = icmp sgt i64 %.1913, 0
  br i1 %.1914, label %B782, label %B802

B782:                                             ; preds = %B756
  %.1931 = icmp slt i64 %count.2.0725, 0
  %.1932 = select i1 %.1931, i64 %arg.begins.5.0, i64 0
  %15 = getelementptr i64, ptr %arg.begins.4, i64 %count.2.0725
  %.1946 = getelementptr i64, ptr %15, i64 %.1932
  store i64 %.1844721723, ptr %.1946, align 8
  %.1951 = add nsw i64 %count.2.0725, 1
  br label %B802

B802:                                             ; preds = %B782, %B756
  %count.3.1 = phi i64 [ %.1951, %B782 ], [ %count.2.0725, %B756 ]
  %.1851.1 = add nuw i64 %.1844721723, 2
  %sunkaddr = mul i64 %.1844721723, 8
  %sunkaddr46 = getelementptr i8, ptr %arg.begins.4, i64 %sunkaddr
  %sunkaddr47 = getelementptr i8, ptr %sunkaddr46, i64 8
  %.1913.1 = load i64, ptr %sunkaddr47, align 8
  %.1914.1 = icmp sgt i64 %.1913.1, 0
  br i1 %.1914.1, label %B782.1, label %B802.1

B782.1:                                           ; preds = %B802
  %.1931.1 = icmp slt i64 %count.3.1, 0
  %.1932.1 = select i1 %.1931.1, i64 %arg.begins.5.0, i64 0
  %16 = getelementptr i64, ptr %arg.begins.4, i64 %count.3.1
  %.1946.1 = getelementptr i64, ptr %16, i64 %.1932.1
  store i64 %14, ptr %.1946.1, align 8
  %.1951.1 = add nsw i64 %count.3.1, 1
  br label %B802.1

B802.1:                                           ; preds = %B782.1, %B802
  %count.3.1.1 = phi i64 [ %.1951.1, %B782.1 ], [ %count.3.1, %B802 ]
  %niter35.ncmp.1 = icmp eq i64 %unroll_iter34, %.1851.1
  br i1 %niter35.ncmp.1, label %common.ret.loopexit.unr-lcssa, label %B756

common.ret.loopexit.unr-lcssa:                    ; preds = %B802.1
  %17 = and i64 %arg.points.5.0, 1
  %lcmp.mod31.not = icmp eq i64 %17, 0
  br i1 %lcmp.mod31.not, label %common.ret, label %B756.epil.preheader

B756.epil.preheader:                              ; preds = %B756.preheader, %common.ret.loopexit.unr-lcssa
  %count.2.0725.epil.init = phi i64 [ 0, %B756.preheader ], [ %count.3.1.1, %common.ret.loopexit.unr-lcssa ]
  %.1844721723.epil.init = phi i64 [ 0, %B756.preheader ], [ %unroll_iter34, %common.ret.loopexit.unr-lcssa ]
  %18 = getelementptr i64, ptr %arg.begins.4, i64 %.1844721723.epil.init
  %.1913.epil = load i64, ptr %18, align 8
  %.1914.epil = icmp sgt i64 %.1913.epil, 0
  br i1 %.1914.epil, label %B782.epil, label %common.ret

B782.epil:                                        ; preds = %B756.epil.preheader
  %.1931.epil = icmp slt i64 %count.2.0725.epil.init, 0
  %.1932.epil = select i1 %.1931.epil, i64 %arg.begins.5.0, i64 0
  %19 = getelementptr i64, ptr %arg.begins.4, i64 %count.2.0725.epil.init
  %.1946.epil = getelementptr i64, ptr %19, i64 %.1932.epil
  store i64 %.1844721723.epil.init, ptr %.1946.epil, align 8
  %.1951.epil = add nsw i64 %count.2.0725.epil.init, 1
  br label %common.ret

common.ret:                                       ; preds = %B720.endif, %B782.epil, %B756.epil.preheader, %common.ret.loopexit.unr-lcssa
  %count.2.0.lcssa = phi i64 [ 0, %B720.endif ], [ %count.3.1.1, %common.ret.loopexit.unr-lcssa ], [ %.1951.epil, %B782.epil ], [ %count.2.0725.epil.init, %B756.epil.preheader ]
  store i64 %count.2.0.lcssa, ptr %retptr, align 8
  ret i32 0

B132.endif:                                       ; preds = %B132
  %20 = or i64 %.451, %arg.points.5.0
  %21 = icmp ult i64 %20, 4294967296
  br i1 %21, label %22, label %26

22:                                               ; preds = %B132.endif
  %23 = trunc nuw i64 %.451 to i32
  %24 = urem i32 %23, %2
  %25 = zext i32 %24 to i64
  br label %37

26:                                               ; preds = %B132.endif
  %27 = or i64 %.451, %arg.points.5.0
  %28 = and i64 %27, -4294967296
  %29 = icmp eq i64 %28, 0
  br i1 %29, label %30, label %35

30:                                               ; preds = %26
  %31 = trunc i64 %arg.points.5.0 to i32
  %32 = trunc i64 %.451 to i32
  %33 = urem i32 %32, %31
  %34 = zext i32 %33 to i64
  br label %37

35:                                               ; preds = %26
  %36 = srem i64 %.451, %arg.points.5.0
  br label %37

37:                                               ; preds = %35, %30, %22
  %38 = phi i64 [ %25, %22 ], [ %34, %30 ], [ %36, %35 ]
  %.535 = xor i64 %38, %arg.points.5.0
  %.536 = icmp slt i64 %.535, 0
  %.537 = icmp ne i64 %38, 0
  %.538 = and i1 %.537, %.536
  %.545 = select i1 %.538, i64 %arg.points.5.0, i64 0
  %spec.select667 = add i64 %.545, %38
  %39 = freeze i64 %spec.select667
  %.581 = icmp slt i64 %39, 0
  %spec.select778 = select i1 %.581, i64 %arg.points.5.0, i64 0
  %spec.select758 = add i64 %spec.select778, %39
  %.603759 = mul i64 %spec.select758, %arg.points.5.1
  %.607760 = getelementptr double, ptr %arg.points.4, i64 %.603759
  %.608761 = load double, ptr %.607760, align 8
  br label %B132.endif.else

40:                                               ; preds = %B132
  %41 = icmp eq i64 %arg.points.5.0, 0
  %.608 = load double, ptr %arg.points.4, align 8
  br i1 %41, label %.thread607, label %B132.endif.else

.thread607:                                       ; preds = %40
  %sunkaddr48 = getelementptr i8, ptr %arg.points.4, i64 8
  %.704583 = load double, ptr %sunkaddr48, align 8
  br label %B132.endif.endif.endif.endif.endif.endif

B132.endif.else:                                  ; preds = %40, %37
  %.608763 = phi double [ %.608761, %37 ], [ %.608, %40 ]
  br i1 %.530.not, label %B132.endif.else.if, label %B132.endif.endif.else

B132.endif.else.if:                               ; preds = %B132.endif.else
  %42 = or i64 %.451, %arg.points.5.0
  %43 = icmp ult i64 %42, 4294967296
  br i1 %43, label %44, label %48

44:                                               ; preds = %B132.endif.else.if
  %45 = trunc nuw i64 %.451 to i32
  %46 = urem i32 %45, %2
  %47 = zext i32 %46 to i64
  br label %59

48:                                               ; preds = %B132.endif.else.if
  %49 = or i64 %.451, %arg.points.5.0
  %50 = and i64 %49, -4294967296
  %51 = icmp eq i64 %50, 0
  br i1 %51, label %52, label %57

52:                                               ; preds = %48
  %53 = trunc i64 %arg.points.5.0 to i32
  %54 = trunc i64 %.451 to i32
  %55 = urem i32 %54, %53
  %56 = zext i32 %55 to i64
  br label %59

57:                                               ; preds = %48
  %58 = srem i64 %.451, %arg.points.5.0
  br label %59

59:                                               ; preds = %57, %52, %44
  %60 = phi i64 [ %47, %44 ], [ %56, %52 ], [ %58, %57 ]
  %.631 = xor i64 %60, %arg.points.5.0
  %.632 = icmp slt i64 %.631, 0
  %.633 = icmp ne i64 %60, 0
  %.634 = and i1 %.633, %.632
  %.641 = select i1 %.634, i64 %arg.points.5.0, i64 0
  %spec.select669 = add i64 %.641, %60
  %spec.select669.fr = freeze i64 %spec.select669
  %.677 = icmp slt i64 %spec.select669.fr, 0
  %.678 = select i1 %.677, i64 %arg.points.5.0, i64 0
  %spec.select668 = add i64 %.678, %spec.select669.fr
  %.699571 = mul i64 %spec.select668, %arg.points.5.1
  %61 = getelementptr double, ptr %arg.points.4, i64 %.699571
  br label %B132.endif.endif.else

B132.endif.endif.else:                            ; preds = %59, %B132.endif.else
  %.pn = phi ptr [ %61, %59 ], [ %arg.points.4, %B132.endif.else ]
  %62 = icmp ne i64 %arg.points.5.0, -1
  %.704575.in = getelementptr i8, ptr %.pn, i64 8
  %.704575 = load double, ptr %.704575.in, align 8
  %const_mat42 = add i64 %const, 2
  %.726 = icmp ne i64 %.506, %const_mat42
  %.728.not = or i1 %62, %.726
  br i1 %.728.not, label %B132.endif.endif.endif.else.if, label %B132.endif.endif.endif.endif.endif.endif

B132.endif.endif.endif.else.if:                   ; preds = %B132.endif.endif.else
  %63 = or i64 %.506, %arg.points.5.0
  %64 = icmp ult i64 %63, 4294967296
  br i1 %64, label %65, label %69

65:                                               ; preds = %B132.endif.endif.endif.else.if
  %66 = trunc nuw i64 %.506 to i32
  %67 = urem i32 %66, %2
  %68 = zext i32 %67 to i64
  br label %80

69:                                               ; preds = %B132.endif.endif.endif.else.if
  %70 = or i64 %.506, %arg.points.5.0
  %71 = and i64 %70, -4294967296
  %72 = icmp eq i64 %71, 0
  br i1 %72, label %73, label %78

73:                                               ; preds = %69
  %74 = trunc i64 %arg.points.5.0 to i32
  %75 = trunc i64 %.506 to i32
  %76 = urem i32 %75, %74
  %77 = zext i32 %76 to i64
  br label %80

78:                                               ; preds = %69
  %79 = srem i64 %.506, %arg.points.5.0
  br label %80

80:                                               ; preds = %78, %73, %65
  %81 = phi i64 [ %68, %65 ], [ %77, %73 ], [ %79, %78 ]
  %.733 = xor i64 %81, %arg.points.5.0
  %.734 = icmp slt i64 %.733, 0
  %.735 = icmp ne i64 %81, 0
  %.736 = and i1 %.735, %.734
  %.743 = select i1 %.736, i64 %arg.points.5.0, i64 0
  %spec.select671 = add i64 %.743, %81
  %spec.select671.fr = freeze i64 %spec.select671
  %.779 = icmp slt i64 %spec.select671.fr, 0
  %.780 = select i1 %.779, i64 %arg.points.5.0, i64 0
  %spec.select670 = add i64 %.780, %spec.select671.fr
  %.801599 = mul i64 %spec.select670, %arg.points.5.1
  %.805600 = getelementptr double, ptr %arg.points.4, i64 %.801599
  %82 = add i64 %.801599, 1
  br label %B132.endif.endif.endif.endif.endif.endif

B132.endif.endif.endif.endif.endif.endif:         ; preds = %80, %B132.endif.endif.else, %.thread607
  %.608762 = phi double [ %.608, %.thread607 ], [ %.608763, %80 ], [ %.608763, %B132.endif.endif.else ]
  %.704576594604626 = phi double [ %.704583, %.thread607 ], [ %.704575, %80 ], [ %.704575, %B132.endif.endif.else ]
  %.806612.pn.in = phi ptr [ %.805611, %.thread607 ], [ %.805600, %80 ], [ %arg.points.4, %B132.endif.endif.else ]
  %.899 = phi i64 [ 1, %.thread607 ], [ %82, %80 ], [ 1, %B132.endif.endif.else ]
  %.806612.pn = load double, ptr %.806612.pn.in, align 8
  %.808606625 = fsub nsz contract double %.806612.pn, %.608762
  %.903 = getelementptr double, ptr %arg.points.4, i64 %.899
  %.904 = load double, ptr %.903, align 8
  %.906 = fsub nsz contract double %.904, %.704576594604626
  %.6.i8 = tail call nsz contract double @hypot(double %.808606625, double %.906)
  %.953 = add i64 %.451, 1
  %.991 = sub i64 %.506, %.953
  %..991 = tail call i64 @llvm.smax.i64(i64 %.991, i64 0)
  %.1034695.not = icmp slt i64 %.991, 1
  br i1 %.1034695.not, label %B706, label %B390.lr.ph

B390.lr.ph:                                       ; preds = %B132.endif.endif.endif.endif.endif.endif
  %83 = icmp eq i64 %arg.points.5.0, 0
  br i1 %83, label %B390.lr.ph.split.us, label %B390.preheader

B390.preheader:                                   ; preds = %B390.lr.ph
  %84 = add nuw i64 %..991, 1
  %const_mat43 = add i64 %const, 3
  %85 = add i64 %.451, %const_mat43
  br label %B390

B390.lr.ph.split.us:                              ; preds = %B390.lr.ph
  %86 = fcmp ogt double %.6.i8, 1.000000e-09
  br i1 %86, label %B390.lr.ph.split.us.split.us, label %B562.us.preheader

B562.us.preheader:                                ; preds = %B390.lr.ph.split.us
  %sunkaddr49 = getelementptr i8, ptr %arg.points.4, i64 8
  %.1268.us = load double, ptr %sunkaddr49, align 8
  %.1270.us = fsub nsz contract double %.1268.us, %.704576594604626
  %.1170649.us.pre = load double, ptr %.805611, align 8
  %.1172644661.us = fsub nsz contract double %.1170649.us.pre, %.608762
  %.6.i9 = tail call nsz contract double @hypot(double %.1172644661.us, double %.1270.us)
  %87 = icmp eq i64 %.991, 1
  br i1 %87, label %B562.us.epil.preheader, label %B562.us.preheader.new

B562.us.preheader.new:                            ; preds = %B562.us.preheader
  %unroll_iter = and i64 %..991, %const
  %88 = add nsw i64 %..991, -2
  %89 = lshr i64 %88, 1
  %90 = add nuw i64 %89, 1
  %91 = icmp eq i64 %89, 0
  br i1 %91, label %B562.us.epil.preheader2, label %B562.us.preheader.new.new

B562.us.preheader.new.new:                        ; preds = %B562.us.preheader.new
  %unroll_iter12 = and i64 %90, -2
  br label %B562.us

B390.lr.ph.split.us.split.us:                     ; preds = %B390.lr.ph.split.us
  %.1170649.us.us = load double, ptr %.805611, align 8
  %.1172644661.us.us = fsub nsz contract double %.1170649.us.us, %.608762
  %sunkaddr50 = getelementptr i8, ptr %arg.points.4, i64 8
  %.1268.us.us = load double, ptr %sunkaddr50, align 8
  %.1270.us.us = fsub nsz contract double %.1268.us.us, %.704576594604626
  %.1282.us.us = fmul nsz contract double %.808606625, %.1270.us.us
  %.1287.us.us = fmul nsz contract double %.906, %.1172644661.us.us
  %.1290.us.us = fsub nsz contract double %.1282.us.us, %.1287.us.us
  %.1291.us.us = tail call nsz contract double @llvm.fabs.f64(double %.1290.us.us)
  %.1296.us.us = fdiv nsz contract double %.1291.us.us, %.6.i8
  %92 = icmp eq i64 %.991, 1
  br i1 %92, label %B390.us.us.epil.preheader, label %B390.lr.ph.split.us.split.us.new

B390.lr.ph.split.us.split.us.new:                 ; preds = %B390.lr.ph.split.us.split.us
  %unroll_iter28 = and i64 %..991, %const
  %93 = add nsw i64 %..991, -2
  %94 = lshr i64 %93, 1
  %95 = add nuw i64 %94, 1
  %96 = icmp eq i64 %94, 0
  br i1 %96, label %B390.us.us.epil.preheader13, label %B390.lr.ph.split.us.split.us.new.new

B390.lr.ph.split.us.split.us.new.new:             ; preds = %B390.lr.ph.split.us.split.us.new
  %unroll_iter25 = and i64 %95, -2
  br label %B390.us.us

B390.us.us:                                       ; preds = %B390.us.us, %B390.lr.ph.split.us.split.us.new.new
  %lsr.iv39 = phi i64 [ %lsr.iv.next40, %B390.us.us ], [ %unroll_iter25, %B390.lr.ph.split.us.split.us.new.new ]
  %at.2.1699.us.us = phi i64 [ 0, %B390.lr.ph.split.us.split.us.new.new ], [ %at.3.2.us.us, %B390.us.us ]
  %worst.2.1698.us.us = phi double [ -1.000000e+00, %B390.lr.ph.split.us.split.us.new.new ], [ %worst.3.2.us.us, %B390.us.us ]
  %.1040694696.us.us = phi i64 [ %.953, %B390.lr.ph.split.us.split.us.new.new ], [ %.1047.us.us.1.1, %B390.us.us ]
  %.1352.us.us = fcmp nsz contract ogt double %.1296.us.us, %worst.2.1698.us.us
  %worst.3.2.us.us = select i1 %.1352.us.us, double %.1296.us.us, double %worst.2.1698.us.us
  %at.3.2.us.us = select i1 %.1352.us.us, i64 %.1040694696.us.us, i64 %at.2.1699.us.us
  %.1047.us.us.1.1 = add i64 %.1040694696.us.us, 4
  %lsr.iv.next40 = add i64 %lsr.iv39, -2
  %niter26.ncmp.1 = icmp eq i64 %lsr.iv.next40, 0
  br i1 %niter26.ncmp.1, label %B586.loopexit18.unr-lcssa.unr-lcssa, label %B390.us.us

B562.us:                                          ; preds = %B562.us, %B562.us.preheader.new.new
  %lsr.iv37 = phi i64 [ %lsr.iv.next38, %B562.us ], [ %unroll_iter12, %B562.us.preheader.new.new ]
  %at.2.1699.us = phi i64 [ 0, %B562.us.preheader.new.new ], [ %at.3.2.us, %B562.us ]
  %worst.2.1698.us = phi double [ -1.000000e+00, %B562.us.preheader.new.new ], [ %worst.3.2.us, %B562.us ]
  %.1040694696.us = phi i64 [ %.953, %B562.us.preheader.new.new ], [ %.1047.us.1.1, %B562.us ]
  %.1352.us = fcmp nsz contract ogt double %.6.i9, %worst.2.1698.us
  %worst.3.2.us = select i1 %.1352.us, double %.6.i9, double %worst.2.1698.us
  %at.3.2.us = select i1 %.1352.us, i64 %.1040694696.us, i64 %at.2.1699.us
  %.1047.us.1.1 = add i64 %.1040694696.us, 4
  %lsr.iv.next38 = add i64 %lsr.iv37, -2
  %niter.ncmp.1 = icmp eq i64 %lsr.iv.next38, 0
  br i1 %niter.ncmp.1, label %B586.loopexit19.unr-lcssa.unr-lcssa, label %B562.us

B390.endif.endif.thread:                          ; preds = %114, %B390
  %.1170641.pn769.in = phi ptr [ %.1169640, %114 ], [ %arg.points.4, %B390 ]
  %.1263 = phi i64 [ %116, %114 ], [ 1, %B390 ]
  %97 = fcmp ogt double %.6.i8, 1.000000e-09
  %.1170641.pn769 = load double, ptr %.1170641.pn769.in, align 8
  %.1172644661 = fsub nsz contract double %.1170641.pn769, %.608762
  %.1267 = getelementptr double, ptr %arg.points.4, i64 %.1263
  %.1268 = load double, ptr %.1267, align 8
  %.1270 = fsub nsz contract double %.1268, %.704576594604626
  br i1 %97, label %B468, label %B522

B390.endif.else.if:                               ; preds = %B390
  %98 = or i64 %lsr.iv35, %arg.points.5.0
  %99 = icmp ult i64 %98, 4294967296
  br i1 %99, label %100, label %103

100:                                              ; preds = %B390.endif.else.if
  %tmp = trunc i64 %lsr.iv35 to i32
  %101 = urem i32 %tmp, %2
  %102 = zext i32 %101 to i64
  br label %114

103:                                              ; preds = %B390.endif.else.if
  %104 = or i64 %lsr.iv35, %arg.points.5.0
  %105 = and i64 %104, -4294967296
  %106 = icmp eq i64 %105, 0
  br i1 %106, label %107, label %112

107:                                              ; preds = %103
  %108 = trunc i64 %arg.points.5.0 to i32
  %109 = trunc i64 %lsr.iv35 to i32
  %110 = urem i32 %109, %108
  %111 = zext i32 %110 to i64
  br label %114

112:                                              ; preds = %103
  %113 = srem i64 %lsr.iv35, %arg.points.5.0
  br label %114

114:                                              ; preds = %112, %107, %100
  %115 = phi i64 [ %102, %100 ], [ %111, %107 ], [ %113, %112 ]
  %.1097 = xor i64 %115, %arg.points.5.0
  %.1098 = icmp slt i64 %.1097, 0
  %.1099 = icmp ne i64 %115, 0
  %.1100 = and i1 %.1099, %.1098
  %.1107 = select i1 %.1100, i64 %arg.points.5.0, i64 0
  %spec.select675 = add i64 %.1107, %115
  %spec.select675.fr = freeze i64 %spec.select675
  %.1143 = icmp slt i64 %spec.select675.fr, 0
  %.1144 = select i1 %.1143, i64 %arg.points.5.0, i64 0
  %spec.select674 = add i64 %.1144, %spec.select675.fr
  %.1165639 = mul i64 %spec.select674, %arg.points.5.1
  %.1169640 = getelementptr double, ptr %arg.points.4, i64 %.1165639
  %116 = add i64 %.1165639, 1
  br label %B390.endif.endif.thread

B608.endif.thread:                                ; preds = %135, %B608
  %117 = phi i64 [ 0, %B608 ], [ %spec.select678, %135 ]
  %.1475 = getelementptr i64, ptr %arg.begins.4, i64 %117
  store i64 1, ptr %.1475, align 8
  %sunkaddr59 = shl i64 %waiting.3.0, 3
  %sunkaddr60 = getelementptr i8, ptr %arg.room.4, i64 %sunkaddr59
  %sunkaddr61 = getelementptr i8, ptr %sunkaddr60, i64 -8
  store i64 %.451, ptr %sunkaddr61, align 8
  %sunkaddr63 = getelementptr i8, ptr %.381, i64 %sunkaddr59
  %sunkaddr64 = getelementptr i8, ptr %sunkaddr63, i64 -8
  store i64 %at.2.1.lcssa, ptr %sunkaddr64, align 8
  %.1646 = getelementptr i64, ptr %arg.room.4, i64 %waiting.3.0
  store i64 %at.2.1.lcssa, ptr %.1646, align 8
  %.1705 = getelementptr i64, ptr %.381, i64 %waiting.3.0
  store i64 %.506, ptr %.1705, align 8
  %.1710 = add nuw nsw i64 %waiting.3.0, 1
  br label %B706

B608.else.if:                                     ; preds = %B608
  %118 = or i64 %at.2.1.lcssa, %arg.points.5.0
  %119 = icmp ult i64 %118, 4294967296
  br i1 %119, label %120, label %124

120:                                              ; preds = %B608.else.if
  %121 = trunc nuw i64 %at.2.1.lcssa to i32
  %122 = urem i32 %121, %2
  %123 = zext i32 %122 to i64
  br label %135

124:                                              ; preds = %B608.else.if
  %125 = or i64 %at.2.1.lcssa, %arg.points.5.0
  %126 = and i64 %125, -4294967296
  %127 = icmp eq i64 %126, 0
  br i1 %127, label %128, label %133

128:                                              ; preds = %124
  %129 = trunc i64 %arg.points.5.0 to i32
  %130 = trunc i64 %at.2.1.lcssa to i32
  %131 = urem i32 %130, %129
  %132 = zext i32 %131 to i64
  br label %135

133:                                              ; preds = %124
  %134 = srem i64 %at.2.1.lcssa, %arg.points.5.0
  br label %135

135:                                              ; preds = %133, %128, %120
  %136 = phi i64 [ %123, %120 ], [ %132, %128 ], [ %134, %133 ]
  %.1427 = xor i64 %136, %arg.points.5.0
  %.1428 = icmp slt i64 %.1427, 0
  %.1429 = icmp ne i64 %136, 0
  %.1430 = and i1 %.1429, %.1428
  %.1437 = select i1 %.1430, i64 %arg.points.5.0, i64 0
  %spec.select679 = add i64 %.1437, %136
  %spec.select679.fr = freeze i64 %spec.select679
  %.1460 = icmp slt i64 %spec.select679.fr, 0
  %.1461 = select i1 %.1460, i64 %arg.begins.5.0, i64 0
  %spec.select678 = add i64 %.1461, %spec.select679.fr
  br label %B608.endif.thread

B720.endif:                                       ; preds = %B706
  %.1838722.not = icmp slt i64 %arg.points.5.0, 1
  br i1 %.1838722.not, label %common.ret, label %B756.preheader

B756.preheader:                                   ; preds = %B720.endif
  %137 = icmp eq i64 %arg.points.5.0, 1
  br i1 %137, label %B756.epil.preheader, label %B756.preheader.new

B756.preheader.new:                               ; preds = %B756.preheader
  %unroll_iter34 = and i64 %arg.points.5.0, %const
  br label %B756
}

define internal i32 @part3(ptr noalias writeonly %retptr, ptr noalias writeonly %excinfo, ptr %arg.points.0, ptr readnone %arg.points.1, i64 %arg.points.2, i64 %arg.points.3, ptr readonly %arg.points.4, i64 %arg.points.5.0, i64 %arg.points.5.1, i64 %arg.points.6.0, i64 %arg.points.6.1, ptr %arg.begins.0, ptr readnone %arg.begins.1, i64 %arg.begins.2, i64 %arg.begins.3, ptr %arg.begins.4, i64 %arg.begins.5.0, i64 %arg.begins.6.0, i64 %arg.count, ptr %arg.room.0, ptr readnone %arg.room.1, i64 %arg.room.2, i64 %arg.room.3, ptr %arg.room.4, i64 %arg.room.5.0, i64 %arg.room.5.1, i64 %arg.room.6.0, i64 %arg.room.6.1) local_unnamed_addr {
B0.endif:
  %.756 = alloca [4 x double], align 8
  %excinfo.1 = alloca ptr, align 8
  %.815 = alloca [4 x double], align 8
  %excinfo.2 = alloca ptr, align 8
  %.117 = icmp sgt i64 %arg.count, 0
  br i1 %.117, label %B62.preheader, label %B800

B62.preheader:                                    ; preds = %B0.endif
  %const = bitcast i64 -9223372036854775808 to i64
  %arg.room.481 = ptrtoint ptr %arg.room.4 to i64
  %arg.begins.482 = ptrtoint ptr %arg.begins.4 to i64
  %min.iters.check = icmp samesign ult i64 %arg.count, 6
  %0 = sub i64 %arg.room.481, %arg.begins.482
  %diff.check = icmp ult i64 %0, 32
  %or.cond = select i1 %min.iters.check, i1 true, i1 %diff.check
  br i1 %or.cond, label %B62.preheader85, label %vector.ph

vector.ph:                                        ; preds = %B62.preheader
  %const_mat = add i64 %const, -4
  %n.vec = and i64 %arg.count, %const_mat
  br label %vector.body

vector.body:                                      ; preds = %vector.body, %vector.ph
  %index = phi i64 [ 0, %vector.ph ], [ %index.next, %vector.body ]
  %sunkaddr32 = mul i64 %index, 8
  %sunkaddr33 = getelementptr i8, ptr %arg.begins.4, i64 %sunkaddr32
  %wide.load = load <2 x i64>, ptr %sunkaddr33, align 8
  %sunkaddr34 = mul i64 %index, 8
  %sunkaddr35 = getelementptr i8, ptr %arg.begins.4, i64 %sunkaddr34
  %sunkaddr36 = getelementptr i8, ptr %sunkaddr35, i64 16
  %wide.load83 = load <2 x i64>, ptr %sunkaddr36, align 8
  %sunkaddr37 = mul i64 %index, 8
  %sunkaddr38 = getelementptr i8, ptr %arg.room.4, i64 %sunkaddr37
  store <2 x i64> %wide.load, ptr %sunkaddr38, align 8
  %sunkaddr = mul i64 %index, 8
  %sunkaddr39 = getelementptr i8, ptr %arg.room.4, i64 %sunkaddr
  %sunkaddr40 = getelementptr i8, ptr %sunkaddr39, i64 16
  store <2 x i64> %wide.load83, ptr %sunkaddr40, align 8
  %index.next = add nuw nsw i64 %index, 4
  %1 = icmp eq i64 %n.vec, %index.next
  br i1 %1, label %middle.block, label %vector.body

middle.block:                                     ; preds = %vector.body
  %cmp.n = icmp eq i64 %arg.count, %n.vec
  br i1 %cmp.n, label %B126.lr.ph, label %B62.preheader85

B62.preheader85:                                  ; preds = %middle.block, %B62.preheader
  %.167541543.ph = phi i64 [ 0, %B62.preheader ], [ %n.vec, %middle.block ]
  %xtraiter = and i64 %arg.count, 3
  %lcmp.mod.not = icmp eq i64 %xtraiter, 0
  br i1 %lcmp.mod.not, label %B62.prol.loopexit, label %B62.prol.preheader

B62.prol.preheader:                               ; preds = %B62.preheader85
  br label %B62.prol

B62.prol:                                         ; preds = %B62.prol, %B62.prol.preheader
  %lsr.iv111 = phi i64 [ %lsr.iv.next112, %B62.prol ], [ %xtraiter, %B62.prol.preheader ]
  %.167541543.prol = phi i64 [ %.174.prol, %B62.prol ], [ %.167541543.ph, %B62.prol.preheader ]
  %.174.prol = add nuw nsw i64 %.167541543.prol, 1
  %2 = shl i64 %.167541543.prol, 3
  %scevgep110 = getelementptr i8, ptr %arg.begins.4, i64 %2
  %.228.prol = load i64, ptr %scevgep110, align 8
  %scevgep109 = getelementptr i8, ptr %arg.room.4, i64 %2
  store i64 %.228.prol, ptr %scevgep109, align 8
  %lsr.iv.next112 = add nsw i64 %lsr.iv111, -1
  %prol.iter.cmp.not = icmp eq i64 %lsr.iv.next112, 0
  br i1 %prol.iter.cmp.not, label %B62.prol.loopexit, label %B62.prol

B62.prol.loopexit:                                ; preds = %B62.prol, %B62.preheader85
  %.167541543.unr = phi i64 [ %.167541543.ph, %B62.preheader85 ], [ %.174.prol, %B62.prol ]
  %3 = sub nsw i64 %.167541543.ph, %arg.count
  %4 = icmp ugt i64 %3, -4
  br i1 %4, label %B126.lr.ph, label %B62.preheader6

B62.preheader6:                                   ; preds = %B62.prol.loopexit
  br label %B62

B62:                                              ; preds = %B62, %B62.preheader6
  %.167541543 = phi i64 [ %.174.3, %B62 ], [ %.167541543.unr, %B62.preheader6 ]
  %sunkaddr41 = mul i64 %.167541543, 8
  %sunkaddr42 = getelementptr i8, ptr %arg.begins.4, i64 %sunkaddr41
  %.228 = load i64, ptr %sunkaddr42, align 8
  %sunkaddr43 = mul i64 %.167541543, 8
  %sunkaddr44 = getelementptr i8, ptr %arg.room.4, i64 %sunkaddr43
  store i64 %.228, ptr %sunkaddr44, align 8
  %sunkaddr45 = mul i64 %.167541543, 8
  %sunkaddr46 = getelementptr i8, ptr %arg.begins.4, i64 %sunkaddr45
  %sunkaddr47 = getelementptr i8, ptr %sunkaddr46, i64 8
  %.228.1 = load i64, ptr %sunkaddr47, align 8
  %sunkaddr48 = mul i64 %.167541543, 8
  %sunkaddr49 = getelementptr i8, ptr %arg.room.4, i64 %sunkaddr48
  %sunkaddr50 = getelementptr i8, ptr %sunkaddr49, i64 8
  store i64 %.228.1, ptr %sunkaddr50, align 8
  %sunkaddr51 = mul i64 %.167541543, 8
  %sunkaddr52 = getelementptr i8, ptr %arg.begins.4, i64 %sunkaddr51
  %sunkaddr53 = getelementptr i8, ptr %sunkaddr52, i64 16
  %.228.2 = load i64, ptr %sunkaddr53, align 8
  %sunkaddr54 = mul i64 %.167541543, 8
  %sunkaddr55 = getelementptr i8, ptr %arg.room.4, i64 %sunkaddr54
  %sunkaddr56 = getelementptr i8, ptr %sunkaddr55, i64 16
  store i64 %.228.2, ptr %sunkaddr56, align 8
  %.174.3 = add nuw nsw i64 %.167541543, 4
  %sunkaddr57 = mul i64 %.167541543, 8
  %sunkaddr58 = getelementptr i8, ptr %arg.begins.4, i64 %sunkaddr57
  %sunkaddr59 = getelementptr i8, ptr %sunkaddr58, i64 24
  %.228.3 = load i64, ptr %sunkaddr59, align 8
  %sunkaddr60 = mul i64 %.167541543, 8
  %sunkaddr61 = getelementptr i8, ptr %arg.room.4, i64 %sunkaddr60
  %sunkaddr62 = getelementptr i8, ptr %sunkaddr61, i64 24
  store i64 %.228.3, ptr %sunkaddr62, align 8
  %exitcond.not.3 = icmp eq i64 %arg.count, %.174.3
  br i1 %exitcond.not.3, label %B126.lr.ph, label %B62

B780:                                             ; preds = %B734.us599.6, %B734.us.us.us.5.6, %B734.us.us.us.6.5, %B734.us.us.us.6.4, %B734.us.us.us.6.3, %B734.us.us.us.6.2, %B734.us.us.us.6.1, %B734.us.us.us.6, %B126.endif.endif.endif.en...endif.endif.endif
  %where.2.1.lcssa = phi i64 [ 0, %B126.endif.endif.endif.en...endif.endif.endif ], [ %where.3.2.us.us.6, %B734.us.us.us.5.6 ], [ %where.3.2.us.us, %B734.us.us.us.6 ], [ %where.3.2.us.us.1, %B734.us.us.us.6.1 ], [ %where.3.2.us.us.2, %B734.us.us.us.6.2 ], [ %where.3.2.us.us.3, %B734.us.us.us.6.3 ], [ %where.3.2.us.us.4, %B734.us.us.us.6.4 ], [ %where.3.2.us.us.5, %B734.us.us.us.6.5 ], [ %where.3.2.us, %B734.us599.6 ]
  %.1640 = add nsw i64 %where.2.1.lcssa, %.563
  %5 = getelementptr i64, ptr %arg.begins.4, i64 %.375622653
  store i64 %.1640, ptr %5, align 8
  %B126.endif.endif.termcond = icmp eq i64 %.382, %arg.count
  br i1 %B126.endif.endif.termcond, label %B800, label %B126.endif.endif

common.ret:                                       ; preds = %B126.endif.endif.endif.endif.endif, %B126.endif.endif.endif.endif, %B800
  %excinfo.sink = phi ptr [ %retptr, %B800 ], [ %excinfo, %B126.endif.endif.endif.endif ], [ %excinfo, %B126.endif.endif.endif.endif.endif ]
  %common.ret.op = phi i32 [ 0, %B800 ], [ %.764, %B126.endif.endif.endif.endif ], [ %.823, %B126.endif.endif.endif.endif.endif ]
  store ptr null, ptr %excinfo.sink, align 8
  ret i32 %common.ret.op

B800:                                             ; preds = %B780, %B0.endif
  br label %common.ret

B126.lr.ph:                                       ; preds = %B62, %B62.prol.loopexit, %middle.block
  %.411 = add nsw i64 %arg.count, -1
  %6 = trunc nuw i64 %arg.count to i32
  %7 = trunc nuw i64 %arg.points.5.0 to i32
  %.1484.us.4 = shl i64 %arg.points.5.1, 3
  br label %B126.endif.endif

B126.endif.endif:                                 ; preds = %B126.lr.ph, %B780
  %.375622653 = phi i64 [ 0, %B126.lr.ph ], [ %.382, %B780 ]
  %.382 = add nuw nsw i64 %.375622653, 1
  %.413 = add i64 %.411, %.375622653
  %8 = or i64 %.413, %arg.count
  %9 = icmp ult i64 %8, 4294967296
  br i1 %9, label %10, label %14

10:                                               ; preds = %B126.endif.endif
  %11 = trunc nuw i64 %.413 to i32
  %12 = urem i32 %11, %6
  %13 = zext i32 %12 to i64
  br label %25

14:                                               ; preds = %B126.endif.endif
  %15 = or i64 %.413, %arg.count
  %16 = and i64 %15, -4294967296
  %17 = icmp eq i64 %16, 0
  br i1 %17, label %18, label %23

18:                                               ; preds = %14
  %19 = trunc i64 %arg.count to i32
  %20 = trunc i64 %.413 to i32
  %21 = urem i32 %20, %19
  %22 = zext i32 %21 to i64
  br label %25

23:                                               ; preds = %14
  %24 = srem i64 %.413, %arg.count
  br label %25

25:                                               ; preds = %23, %18, %10
  %26 = phi i64 [ %13, %10 ], [ %22, %18 ], [ %24, %23 ]
  %27 = icmp eq i64 %arg.points.5.0, 0
  %.435 = xor i64 %26, %arg.count
  %.436 = icmp slt i64 %.435, 0
  %.445 = select i1 %.436, i64 %arg.count, i64 0
  %spec.select526 = add i64 %.445, %26
  %28 = freeze i64 %spec.select526
  %.484 = icmp slt i64 %28, 0
  %.485 = select i1 %.484, i64 %arg.room.5.1, i64 0
  %29 = getelementptr i64, ptr %arg.room.4, i64 %28
  %.507 = getelementptr i64, ptr %29, i64 %.485
  %.508 = load i64, ptr %.507, align 8
  %30 = getelementptr i64, ptr %arg.room.4, i64 %.375622653
  %.563 = load i64, ptr %30, align 8
  %31 = icmp eq i64 %.382, %arg.count
  %iv.rem = select i1 %31, i64 0, i64 %.382
  %32 = getelementptr i64, ptr %arg.room.4, i64 %iv.rem
  %.660 = load i64, ptr %32, align 8
  %33 = xor i64 %.508, -1
  %.666 = add i64 %.563, %33
  br i1 %27, label %B126.endif.endif.endif.endif, label %B126.endif.endif.else

B126.endif.endif.else:                            ; preds = %25
  %34 = icmp ne i64 %arg.points.5.0, -1
  %.681 = icmp ne i64 %.666, %const
  %.683.not = or i1 %34, %.681
  br i1 %.683.not, label %B126.endif.endif.else.if, label %B126.endif.endif.endif.else

B126.endif.endif.else.if:                         ; preds = %B126.endif.endif.else
  %35 = or i64 %.666, %arg.points.5.0
  %36 = icmp ult i64 %35, 4294967296
  br i1 %36, label %37, label %41

37:                                               ; preds = %B126.endif.endif.else.if
  %38 = trunc nuw i64 %.666 to i32
  %39 = urem i32 %38, %7
  %40 = zext i32 %39 to i64
  br label %52

41:                                               ; preds = %B126.endif.endif.else.if
  %42 = or i64 %.666, %arg.points.5.0
  %43 = and i64 %42, -4294967296
  %44 = icmp eq i64 %43, 0
  br i1 %44, label %45, label %50

45:                                               ; preds = %41
  %46 = trunc i64 %arg.points.5.0 to i32
  %47 = trunc i64 %.666 to i32
  %48 = urem i32 %47, %46
  %49 = zext i32 %48 to i64
  br label %52

50:                                               ; preds = %41
  %51 = srem i64 %.666, %arg.points.5.0
  br label %52

52:                                               ; preds = %50, %45, %37
  %53 = phi i64 [ %40, %37 ], [ %49, %45 ], [ %51, %50 ]
  %.688 = xor i64 %53, %arg.points.5.0
  %.689 = icmp slt i64 %.688, 0
  %.690 = icmp ne i64 %53, 0
  %.691 = and i1 %.690, %.689
  %.698 = select i1 %.691, i64 %arg.points.5.0, i64 0
  %spec.select528 = add i64 %53, 1
  %54 = add i64 %spec.select528, %.698
  br label %B126.endif.endif.endif.else

B126.endif.endif.endif.else:                      ; preds = %52, %B126.endif.endif.else
  %.678.0 = phi i64 [ 1, %B126.endif.endif.else ], [ %54, %52 ]
  %55 = icmp ne i64 %arg.points.5.0, -1
  %56 = xor i64 %.563, -1
  %.711 = add i64 %.660, %56
  %.726 = icmp ne i64 %.711, %const
  %.728.not = or i1 %55, %.726
  br i1 %.728.not, label %B126.endif.endif.endif.else.if, label %B126.endif.endif.endif.endif

B126.endif.endif.endif.endif:                     ; preds = %74, %B126.endif.endif.endif.else, %25
  %.708516 = phi i64 [ %.678.0, %74 ], [ %.678.0, %B126.endif.endif.endif.else ], [ 1, %25 ]
  %rem.3.0 = phi i64 [ %76, %74 ], [ 1, %B126.endif.endif.endif.else ], [ 1, %25 ]
  call void @llvm.memset.p0.i64(ptr noundef nonnull align 8 dereferenceable(32) %.756, i8 0, i64 32, i1 false)
  %.764 = call i32 @part1(ptr nonnull %.756, ptr nonnull %excinfo.1, ptr %arg.points.0, ptr %arg.points.1, i64 %arg.points.2, i64 %arg.points.3, ptr %arg.points.4, i64 %arg.points.5.0, i64 %arg.points.5.1, i64 %arg.points.6.0, i64 %arg.points.6.1, i64 %.508, i64 %.708516)
  %.774.fca.0.load = load double, ptr %.756, align 8
  %sunkaddr63 = getelementptr inbounds i8, ptr %.756, i64 8
  %.774.fca.1.load = load double, ptr %sunkaddr63, align 8
  %sunkaddr64 = getelementptr inbounds i8, ptr %.756, i64 16
  %.774.fca.2.load = load double, ptr %sunkaddr64, align 8
  %sunkaddr65 = getelementptr inbounds i8, ptr %.756, i64 24
  %.774.fca.3.load = load double, ptr %sunkaddr65, align 8
  switch i32 %.764, label %common.ret [
    i32 -2, label %B126.endif.endif.endif.endif.endif
    i32 0, label %B126.endif.endif.endif.endif.endif
  ]

B126.endif.endif.endif.else.if:                   ; preds = %B126.endif.endif.endif.else
  %57 = or i64 %.711, %arg.points.5.0
  %58 = icmp ult i64 %57, 4294967296
  br i1 %58, label %59, label %63

59:                                               ; preds = %B126.endif.endif.endif.else.if
  %60 = trunc nuw i64 %.711 to i32
  %61 = urem i32 %60, %7
  %62 = zext i32 %61 to i64
  br label %74

63:                                               ; preds = %B126.endif.endif.endif.else.if
  %64 = or i64 %.711, %arg.points.5.0
  %65 = and i64 %64, -4294967296
  %66 = icmp eq i64 %65, 0
  br i1 %66, label %67, label %72

67:                                               ; preds = %63
  %68 = trunc i64 %arg.points.5.0 to i32
  %69 = trunc i64 %.711 to i32
  %70 = urem i32 %69, %68
  %71 = zext i32 %70 to i64
  br label %74

72:                                               ; preds = %63
  %73 = srem i64 %.711, %arg.points.5.0
  br label %74

74:                                               ; preds = %72, %67, %59
  %75 = phi i64 [ %62, %59 ], [ %71, %67 ], [ %73, %72 ]
  %.733 = xor i64 %75, %arg.points.5.0
  %.734 = icmp slt i64 %.733, 0
  %.735 = icmp ne i64 %75, 0
  %.736 = and i1 %.735, %.734
  %.743 = select i1 %.736, i64 %arg.points.5.0, i64 0
  %spec.select529 = add i64 %75, 1
  %76 = add i64 %spec.select529, %.743
  br label %B126.endif.endif.endif.endif

B126.endif.endif.endif.endif.endif:               ; preds = %B126.endif.endif.endif.endif, %B126.endif.endif.endif.endif
  call void @llvm.memset.p0.i64(ptr noundef nonnull align 8 dereferenceable(32) %.815, i8 0, i64 32, i1 false)
  %.823 = call i32 @part1(ptr nonnull %.815, ptr nonnull %excinfo.2, ptr %arg.points.0, ptr %arg.points.1, i64 %arg.points.2, i64 %arg.points.3, ptr %arg.points.4, i64 %arg.points.5.0, i64 %arg.points.5.1, i64 %arg.points.6.0, i64 %arg.points.6.1, i64 %.563, i64 %rem.3.0)
  %.833.fca.0.load = load double, ptr %.815, align 8
  %sunkaddr66 = getelementptr inbounds i8, ptr %.815, i64 8
  %.833.fca.1.load = load double, ptr %sunkaddr66, align 8
  %sunkaddr67 = getelementptr inbounds i8, ptr %.815, i64 16
  %.833.fca.2.load = load double, ptr %sunkaddr67, align 8
  %sunkaddr68 = getelementptr inbounds i8, ptr %.815, i64 24
  %.833.fca.3.load = load double, ptr %sunkaddr68, align 8
  switch i32 %.823, label %common.ret [
    i32 -2, label %B126.endif.endif.endif.en...endif.endif.endif
    i32 0, label %B126.endif.endif.endif.en...endif.endif.endif
  ]

B126.endif.endif.endif.en...endif.endif.endif:    ; preds = %B126.endif.endif.endif.endif.endif, %B126.endif.endif.endif.endif.endif
  %.888.1 = ashr i64 %.708516, 1
  %.13.i = tail call i64 @llvm.smin.i64(i64 %.888.1, i64 3)
  %.957.1 = ashr i64 %rem.3.0, 1
  %.13.i55 = tail call i64 @llvm.smin.i64(i64 %.957.1, i64 3)
  %.949 = sub nsw i64 0, %.13.i
  %.1018 = add nsw i64 %.13.i, 1
  %.1055 = add nsw i64 %.1018, %.13.i55
  %..1055 = tail call i64 @llvm.smax.i64(i64 %.1055, i64 0)
  %.1098563.not = icmp slt i64 %.1055, 1
  br i1 %.1098563.not, label %B780, label %B502.endif.endif.lr.ph

B502.endif.endif.lr.ph:                           ; preds = %B126.endif.endif.endif.en...endif.endif.endif
  %77 = icmp eq i64 %arg.points.5.0, 0
  br i1 %77, label %B502.endif.endif.us.us.preheader, label %B502.endif.endif.us.preheader

B502.endif.endif.us.us.preheader:                 ; preds = %B502.endif.endif.lr.ph
  %.1364.us.us.us = load double, ptr %arg.points.4, align 8
  %sunkaddr69 = getelementptr i8, ptr %arg.points.4, i64 8
  %.1425.us.us.us = load double, ptr %sunkaddr69, align 8
  %.1491.us.us.us = fsub nsz contract double %.1364.us.us.us, %.833.fca.0.load
  %.1493.us.us.us = fmul nsz contract double %.833.fca.2.load, %.1491.us.us.us
  %.1552.us.us.us = fsub nsz contract double %.1425.us.us.us, %.833.fca.1.load
  %.1554.us.us.us = fmul nsz contract double %.833.fca.3.load, %.1552.us.us.us
  %.1555.us.us.us = fadd nsz contract double %.1493.us.us.us, %.1554.us.us.us
  %.1561.us.us.us697 = fmul nsz contract double %.1555.us.us.us, %.1555.us.us.us
  %.1366.us.us.us = fsub nsz contract double %.1364.us.us.us, %.774.fca.0.load
  %.1368.us.us.us = fmul nsz contract double %.774.fca.2.load, %.1366.us.us.us
  %.1427.us.us.us = fsub nsz contract double %.1425.us.us.us, %.774.fca.1.load
  %.1429.us.us.us = fmul nsz contract double %.774.fca.3.load, %.1427.us.us.us
  %.1430.us.us.us = fadd nsz contract double %.1368.us.us.us, %.1429.us.us.us
  %.1561.us.us.us = fmul nsz contract double %.1430.us.us.us, %.1430.us.us.us
  %.1565.us.us.us.1 = fadd nsz contract double %.1561.us.us.us, %.1561.us.us.us
  %.1565.us.us.us.2 = fadd nsz contract double %.1561.us.us.us, %.1565.us.us.us.1
  %.1565.us.us.us.3 = fadd nsz contract double %.1561.us.us.us, %.1565.us.us.us.2
  %.1565.us.us.us.4 = fadd nsz contract double %.1561.us.us.us, %.1565.us.us.us.3
  %.1565.us.us.us.5 = fadd nsz contract double %.1561.us.us.us, %.1565.us.us.us.4
  %.1308.us.us.us = icmp slt i64 %.888.1, 3
  br i1 %.1308.us.us.us, label %B734.us.us.us, label %B734.us.us.us.1.thread

B502.endif.endif.us.preheader:                    ; preds = %B502.endif.endif.lr.ph
  %78 = icmp ne i64 %arg.points.5.0, -1
  %.1262.us = add nsw i64 %.563, -3
  %.1277.us = icmp ne i64 %.1262.us, %const
  %.1279.not.us = or i1 %78, %.1277.us
  %.1262.us.1 = add nsw i64 %.563, -2
  %.1277.us.1 = icmp ne i64 %.1262.us.1, %const
  %.1279.not.us.1 = or i1 %78, %.1277.us.1
  %.1262.us.2 = add nsw i64 %.563, -1
  %.1277.us.2 = icmp ne i64 %.1262.us.2, %const
  %.1279.not.us.2 = or i1 %78, %.1277.us.2
  %.1277.us.3 = icmp ne i64 %.563, %const
  %.1279.not.us.3 = or i1 %78, %.1277.us.3
  %.1262.us.4 = add nsw i64 %.563, 1
  %79 = or i64 %.1262.us.4, %arg.points.5.0
  %80 = icmp ult i64 %79, 4294967296
  br i1 %80, label %81, label %85

81:                                               ; preds = %B502.endif.endif.us.preheader
  %82 = trunc nuw i64 %.1262.us.4 to i32
  %83 = urem i32 %82, %7
  %84 = zext i32 %83 to i64
  br label %96

85:                                               ; preds = %B502.endif.endif.us.preheader
  %86 = or i64 %.1262.us.4, %arg.points.5.0
  %87 = and i64 %86, -4294967296
  %88 = icmp eq i64 %87, 0
  br i1 %88, label %89, label %94

89:                                               ; preds = %85
  %90 = trunc i64 %arg.points.5.0 to i32
  %91 = trunc i64 %.1262.us.4 to i32
  %92 = urem i32 %91, %90
  %93 = zext i32 %92 to i64
  br label %96

94:                                               ; preds = %85
  %95 = srem i64 %.1262.us.4, %arg.points.5.0
  br label %96

96:                                               ; preds = %94, %89, %81
  %97 = phi i64 [ %84, %81 ], [ %93, %89 ], [ %95, %94 ]
  %.1284.us.4 = xor i64 %97, %arg.points.5.0
  %.1285.us.4 = icmp slt i64 %.1284.us.4, 0
  %.1286.us.4 = icmp ne i64 %97, 0
  %.1287.us.4 = and i1 %.1286.us.4, %.1285.us.4
  %.1294.us.4 = select i1 %.1287.us.4, i64 %arg.points.5.0, i64 0
  %spec.select530.us.4 = add i64 %.1294.us.4, %97
  %.1462.us.4 = icmp slt i64 %spec.select530.us.4, 0
  %.1463.us.4 = select i1 %.1462.us.4, i64 %arg.points.5.0, i64 0
  %.1464.us.4 = add i64 %.1463.us.4, %spec.select530.us.4
  %.1262.us.5 = add nsw i64 %.563, 2
  %98 = or i64 %.1262.us.5, %arg.points.5.0
  %99 = icmp ult i64 %98, 4294967296
  br i1 %99, label %100, label %104

100:                                              ; preds = %96
  %101 = trunc nuw i64 %.1262.us.5 to i32
  %102 = urem i32 %101, %7
  %103 = zext i32 %102 to i64
  br label %115

104:                                              ; preds = %96
  %105 = or i64 %.1262.us.5, %arg.points.5.0
  %106 = and i64 %105, -4294967296
  %107 = icmp eq i64 %106, 0
  br i1 %107, label %108, label %113

108:                                              ; preds = %104
  %109 = trunc i64 %arg.points.5.0 to i32
  %110 = trunc i64 %.1262.us.5 to i32
  %111 = urem i32 %110, %109
  %112 = zext i32 %111 to i64
  br label %115

113:                                              ; preds = %104
  %114 = srem i64 %.1262.us.5, %arg.points.5.0
  br label %115

115:                                              ; preds = %113, %108, %100
  %116 = phi i64 [ %103, %100 ], [ %112, %108 ], [ %114, %113 ]
  %.1284.us.5 = xor i64 %116, %arg.points.5.0
  %.1285.us.5 = icmp slt i64 %.1284.us.5, 0
  %.1286.us.5 = icmp ne i64 %116, 0
  %.1287.us.5 = and i1 %.1286.us.5, %.1285.us.5
  %.1294.us.5 = select i1 %.1287.us.5, i64 %arg.points.5.0, i64 0
  %spec.select530.us.5 = add i64 %.1294.us.5, %116
  %.1462.us.5 = icmp slt i64 %spec.select530.us.5, 0
  %.1463.us.5 = select i1 %.1462.us.5, i64 %arg.points.5.0, i64 0
  %.1464.us.5 = add i64 %.1463.us.5, %spec.select530.us.5
  %.1484.us.5 = mul i64 %.1464.us.5, %arg.points.5.1
  %.1262.us.6 = add nsw i64 %.563, 3
  %117 = or i64 %.1262.us.6, %arg.points.5.0
  %118 = icmp ult i64 %117, 4294967296
  br i1 %118, label %119, label %123

119:                                              ; preds = %115
  %120 = trunc nuw i64 %.1262.us.6 to i32
  %121 = urem i32 %120, %7
  %122 = zext i32 %121 to i64
  br label %134

123:                                              ; preds = %115
  %124 = or i64 %.1262.us.6, %arg.points.5.0
  %125 = and i64 %124, -4294967296
  %126 = icmp eq i64 %125, 0
  br i1 %126, label %127, label %132

127:                                              ; preds = %123
  %128 = trunc i64 %arg.points.5.0 to i32
  %129 = trunc i64 %.1262.us.6 to i32
  %130 = urem i32 %129, %128
  %131 = zext i32 %130 to i64
  br label %134

132:                                              ; preds = %123
  %133 = srem i64 %.1262.us.6, %arg.points.5.0
  br label %134

134:                                              ; preds = %132, %127, %119
  %135 = phi i64 [ %122, %119 ], [ %131, %127 ], [ %133, %132 ]
  %.1284.us.6 = xor i64 %135, %arg.points.5.0
  %.1285.us.6 = icmp slt i64 %.1284.us.6, 0
  %.1286.us.6 = icmp ne i64 %135, 0
  %.1287.us.6 = and i1 %.1286.us.6, %.1285.us.6
  %.1294.us.6 = select i1 %.1287.us.6, i64 %arg.points.5.0, i64 0
  %spec.select530.us.6 = add i64 %.1294.us.6, %135
  %.1462.us.6 = icmp slt i64 %spec.select530.us.6, 0
  %.1463.us.6 = select i1 %.1462.us.6, i64 %arg.points.5.0, i64 0
  %.1464.us.6 = add i64 %.1463.us.6, %spec.select530.us.6
  %.1484.us.6 = mul i64 %.1464.us.6, %arg.points.5.1
  %sunkaddr159 = mul i64 %.1484.us.4, %.1464.us.4
  %sunkaddr160 = getelementptr i8, ptr %arg.points.4, i64 %sunkaddr159
  %.1364.us591.4 = load double, ptr %sunkaddr160, align 8
  %sunkaddr163 = getelementptr i8, ptr %sunkaddr160, i64 8
  %.1425.us595.4 = load double, ptr %sunkaddr163, align 8
  %.1491.us583.4 = fsub nsz contract double %.1364.us591.4, %.833.fca.0.load
  %.1493.us584.4 = fmul nsz contract double %.833.fca.2.load, %.1491.us583.4
  %.1552.us587.4 = fsub nsz contract double %.1425.us595.4, %.833.fca.1.load
  %.1554.us588.4 = fmul nsz contract double %.833.fca.3.load, %.1552.us587.4
  %.1555.us589.4 = fadd nsz contract double %.1493.us584.4, %.1554.us588.4
  %.1561.us601.440 = fmul nsz contract double %.1555.us589.4, %.1555.us589.4
  %.1366.us592.4 = fsub nsz contract double %.1364.us591.4, %.774.fca.0.load
  %.1368.us593.4 = fmul nsz contract double %.774.fca.2.load, %.1366.us592.4
  %.1427.us596.4 = fsub nsz contract double %.1425.us595.4, %.774.fca.1.load
  %.1429.us597.4 = fmul nsz contract double %.774.fca.3.load, %.1427.us596.4
  %.1430.us598.4 = fadd nsz contract double %.1368.us593.4, %.1429.us597.4
  %.1561.us601.4 = fmul nsz contract double %.1430.us598.4, %.1430.us598.4
  %136 = or i64 %.1262.us, %arg.points.5.0
  %137 = trunc nuw i64 %.1262.us to i32
  %138 = or i64 %.1262.us.1, %arg.points.5.0
  %139 = trunc nuw i64 %.1262.us.1 to i32
  %140 = or i64 %.1262.us.2, %arg.points.5.0
  %141 = trunc nuw i64 %.1262.us.2 to i32
  %142 = or i64 %.563, %arg.points.5.0
  %143 = trunc nuw i64 %.563 to i32
  %144 = add nuw nsw i64 %..1055, 2
  br label %B502.endif.endif.us

B734.us.us.us:                                    ; preds = %B502.endif.endif.us.us.preheader
  %.1308.us.us.us.1.not = icmp eq i64 %.888.1, 2
  br i1 %.1308.us.us.us.1.not, label %B734.us.us.us.1.thread, label %B734.us.us.us.1

B734.us.us.us.1.thread:                           ; preds = %B734.us.us.us, %B502.endif.endif.us.us.preheader
  %.1561.us.us.us704 = phi double [ %.1561.us.us.us, %B734.us.us.us ], [ %.1561.us.us.us697, %B502.endif.endif.us.us.preheader ]
  %.1565.us.us.us.1710 = fadd nsz contract double %.1561.us.us.us697, %.1561.us.us.us704
  br label %B734.us.us.us.2.thread

B734.us.us.us.1:                                  ; preds = %B734.us.us.us
  %.1308.us.us.us.2 = icmp slt i64 %.888.1, 1
  br i1 %.1308.us.us.us.2, label %B734.us.us.us.2, label %B734.us.us.us.2.thread

B734.us.us.us.2.thread:                           ; preds = %B734.us.us.us.1, %B734.us.us.us.1.thread
  %.1565.us.us.us.1717 = phi double [ %.1565.us.us.us.1710, %B734.us.us.us.1.thread ], [ %.1565.us.us.us.1, %B734.us.us.us.1 ]
  %.1565.us.us.us.2723 = fadd nsz contract double %.1561.us.us.us697, %.1565.us.us.us.1717
  br label %B734.us.us.us.3.thread

B734.us.us.us.2:                                  ; preds = %B734.us.us.us.1
  switch i64 %.13.i, label %B734.us.us.us.4 [
    i64 0, label %B734.us.us.us.3.thread
    i64 -1, label %B734.us.us.us.4.thread
  ]

B734.us.us.us.3.thread:                           ; preds = %B734.us.us.us.2, %B734.us.us.us.2.thread
  %.1565.us.us.us.2730 = phi double [ %.1565.us.us.us.2723, %B734.us.us.us.2.thread ], [ %.1565.us.us.us.2, %B734.us.us.us.2 ]
  %.1565.us.us.us.3736 = fadd nsz contract double %.1561.us.us.us697, %.1565.us.us.us.2730
  br label %B734.us.us.us.4.thread

B734.us.us.us.4.thread:                           ; preds = %B734.us.us.us.3.thread, %B734.us.us.us.2
  %.1565.us.us.us.3743 = phi double [ %.1565.us.us.us.3736, %B734.us.us.us.3.thread ], [ %.1565.us.us.us.3, %B734.us.us.us.2 ]
  %.1565.us.us.us.4749 = fadd nsz contract double %.1561.us.us.us697, %.1565.us.us.us.3743
  br label %B734.us.us.us.5.thread

B734.us.us.us.4:                                  ; preds = %B734.us.us.us.2
  %.1308.us.us.us.5 = icmp samesign ugt i64 %.949, 2
  br i1 %.1308.us.us.us.5, label %B734.us.us.us.5, label %B734.us.us.us.5.thread

B734.us.us.us.5.thread:                           ; preds = %B734.us.us.us.4, %B734.us.us.us.4.thread
  %.1565.us.us.us.4756 = phi double [ %.1565.us.us.us.4749, %B734.us.us.us.4.thread ], [ %.1565.us.us.us.4, %B734.us.us.us.4 ]
  %.1565.us.us.us.5762 = fadd nsz contract double %.1561.us.us.us697, %.1565.us.us.us.4756
  br label %B734.us.us.us.6

B734.us.us.us.5:                                  ; preds = %B734.us.us.us.4
  %.1308.us.us.us.6.not = icmp eq i64 %.888.1, -3
  br i1 %.1308.us.us.us.6.not, label %B668.us.us.us.6, label %B734.us.us.us.6

B668.us.us.us.6:                                  ; preds = %B734.us.us.us.5
  br label %B734.us.us.us.6

B734.us.us.us.6:                                  ; preds = %B668.us.us.us.6, %B734.us.us.us.5, %B734.us.us.us.5.thread
  %.1561.us.us.us.6.pre-phi = phi double [ %.1561.us.us.us697, %B734.us.us.us.5.thread ], [ %.1561.us.us.us, %B734.us.us.us.5 ], [ %.1561.us.us.us697, %B668.us.us.us.6 ]
  %.1565.us.us.us.5766 = phi double [ %.1565.us.us.us.5762, %B734.us.us.us.5.thread ], [ %.1565.us.us.us.5, %B734.us.us.us.5 ], [ %.1565.us.us.us.5, %B668.us.us.us.6 ]
  %.1565.us.us.us.6 = fadd nsz contract double %.1561.us.us.us.6.pre-phi, %.1565.us.us.us.5766
  %.1111.us.us = sub nsw i64 1, %.13.i
  %.1588.us.us = fcmp nsz contract olt double %.1565.us.us.us.6, 1.000000e+30
  %best.3.2.us.us = select i1 %.1588.us.us, double %.1565.us.us.us.6, double 1.000000e+30
  %where.3.2.us.us = select i1 %.1588.us.us, i64 %.949, i64 0
  %.1098.us.us.not = icmp eq i64 %.1055, 1
  br i1 %.1098.us.us.not, label %B780, label %B734.us.us.us.186

B734.us.us.us.186:                                ; preds = %B734.us.us.us.6
  %.1308.us.us.us.1.not.1 = icmp sgt i64 %.888.1, 2
  br i1 %.1308.us.us.us.1.not.1, label %B734.us.us.us.1.thread.1, label %B734.us.us.us.1.1

B734.us.us.us.1.1:                                ; preds = %B734.us.us.us.186
  %.1308.us.us.us.2.1.not = icmp eq i64 %.888.1, 2
  br i1 %.1308.us.us.us.2.1.not, label %B734.us.us.us.2.thread.1, label %B734.us.us.us.2.1

B734.us.us.us.2.1:                                ; preds = %B734.us.us.us.1.1
  switch i64 %.13.i, label %B734.us.us.us.4.1 [
    i64 1, label %B734.us.us.us.3.thread.1
    i64 0, label %B734.us.us.us.4.thread.1
  ]

B734.us.us.us.4.1:                                ; preds = %B734.us.us.us.2.1
  %.1308.us.us.us.5.1 = icmp samesign ugt i64 %.1111.us.us, 2
  br i1 %.1308.us.us.us.5.1, label %B734.us.us.us.5.1, label %B734.us.us.us.5.thread.1

B734.us.us.us.5.1:                                ; preds = %B734.us.us.us.4.1
  %.1308.us.us.us.6.not.1 = icmp eq i64 %.888.1, -2
  br i1 %.1308.us.us.us.6.not.1, label %B668.us.us.us.6.1, label %B734.us.us.us.6.1

B668.us.us.us.6.1:                                ; preds = %B734.us.us.us.5.1
  br label %B734.us.us.us.6.1

B734.us.us.us.1.thread.1:                         ; preds = %B734.us.us.us.186
  %.1565.us.us.us.1710.1 = fadd nsz contract double %.1561.us.us.us697, %.1561.us.us.us
  br label %B734.us.us.us.2.thread.1

B734.us.us.us.2.thread.1:                         ; preds = %B734.us.us.us.1.thread.1, %B734.us.us.us.1.1
  %.1565.us.us.us.1717.1 = phi double [ %.1565.us.us.us.1710.1, %B734.us.us.us.1.thread.1 ], [ %.1565.us.us.us.1, %B734.us.us.us.1.1 ]
  %.1565.us.us.us.2723.1 = fadd nsz contract double %.1561.us.us.us697, %.1565.us.us.us.1717.1
  br label %B734.us.us.us.3.thread.1

B734.us.us.us.3.thread.1:                         ; preds = %B734.us.us.us.2.thread.1, %B734.us.us.us.2.1
  %.1565.us.us.us.2730.1 = phi double [ %.1565.us.us.us.2723.1, %B734.us.us.us.2.thread.1 ], [ %.1565.us.us.us.2, %B734.us.us.us.2.1 ]
  %.1565.us.us.us.3736.1 = fadd nsz contract double %.1561.us.us.us697, %.1565.us.us.us.2730.1
  br label %B734.us.us.us.4.thread.1

B734.us.us.us.4.thread.1:                         ; preds = %B734.us.us.us.3.thread.1, %B734.us.us.us.2.1
  %.1565.us.us.us.3743.1 = phi double [ %.1565.us.us.us.3736.1, %B734.us.us.us.3.thread.1 ], [ %.1565.us.us.us.3, %B734.us.us.us.2.1 ]
  %.1565.us.us.us.4749.1 = fadd nsz contract double %.1561.us.us.us697, %.1565.us.us.us.3743.1
  br label %B734.us.us.us.5.thread.1

B734.us.us.us.5.thread.1:                         ; preds = %B734.us.us.us.4.thread.1, %B734.us.us.us.4.1
  %.1565.us.us.us.4756.1 = phi double [ %.1565.us.us.us.4749.1, %B734.us.us.us.4.thread.1 ], [ %.1565.us.us.us.4, %B734.us.us.us.4.1 ]
  %.1565.us.us.us.5762.1 = fadd nsz contract double %.1561.us.us.us697, %.1565.us.us.us.4756.1
  br label %B734.us.us.us.6.1

B734.us.us.us.6.1:                                ; preds = %B734.us.us.us.5.thread.1, %B668.us.us.us.6.1, %B734.us.us.us.5.1
  %.1561.us.us.us.6.pre-phi.1 = phi double [ %.1561.us.us.us697, %B734.us.us.us.5.thread.1 ], [ %.1561.us.us.us, %B734.us.us.us.5.1 ], [ %.1561.us.us.us697, %B668.us.us.us.6.1 ]
  %.1565.us.us.us.5766.1 = phi double [ %.1565.us.us.us.5762.1, %B734.us.us.us.5.thread.1 ], [ %.1565.us.us.us.5, %B734.us.us.us.5.1 ], [ %.1565.us.us.us.5, %B668.us.us.us.6.1 ]
  %.1565.us.us.us.6.1 = fadd nsz contract double %.1561.us.us.us.6.pre-phi.1, %.1565.us.us.us.5766.1
  %.1111.us.us.1 = sub nsw i64 2, %.13.i
  %.1584.us.us.1 = fadd nsz contract double %best.3.2.us.us, -1.000000e-09
  %.1588.us.us.1 = fcmp nsz contract olt double %.1565.us.us.us.6.1, %.1584.us.us.1
  %best.3.2.us.us.1 = select i1 %.1588.us.us.1, double %.1565.us.us.us.6.1, double %best.3.2.us.us
  %where.3.2.us.us.1 = select i1 %.1588.us.us.1, i64 %.1111.us.us, i64 %where.3.2.us.us
  %.1098.us.us.1 = icmp samesign ugt i64 %.1055, 2
  br i1 %.1098.us.us.1, label %B734.us.us.us.1.2, label %B780

B734.us.us.us.1.2:                                ; preds = %B734.us.us.us.6.1
  %145 = icmp slt i64 %.888.1, 3
  br i1 %145, label %B734.us.us.us.2.2, label %B734.us.us.us.2.thread.2

B734.us.us.us.2.2:                                ; preds = %B734.us.us.us.1.2
  switch i64 %.13.i, label %B734.us.us.us.4.2 [
    i64 2, label %B734.us.us.us.3.thread.2
    i64 1, label %B734.us.us.us.4.thread.2
  ]

B734.us.us.us.4.2:                                ; preds = %B734.us.us.us.2.2
  %.1308.us.us.us.5.2 = icmp ugt i64 %.13.i, 2
  br i1 %.1308.us.us.us.5.2, label %B734.us.us.us.5.2, label %B734.us.us.us.5.thread.2

B734.us.us.us.5.2:                                ; preds = %B734.us.us.us.4.2
  %.1308.us.us.us.6.not.2 = icmp eq i64 %.888.1, -1
  br i1 %.1308.us.us.us.6.not.2, label %B668.us.us.us.6.2, label %B734.us.us.us.6.2

B668.us.us.us.6.2:                                ; preds = %B734.us.us.us.5.2
  br label %B734.us.us.us.6.2

B734.us.us.us.2.thread.2:                         ; preds = %B734.us.us.us.1.2
  %.1565.us.us.us.2723.2 = fadd nsz contract double %.1561.us.us.us697, %.1565.us.us.us.1
  br label %B734.us.us.us.3.thread.2

B734.us.us.us.3.thread.2:                         ; preds = %B734.us.us.us.2.thread.2, %B734.us.us.us.2.2
  %.1565.us.us.us.2730.2 = phi double [ %.1565.us.us.us.2723.2, %B734.us.us.us.2.thread.2 ], [ %.1565.us.us.us.2, %B734.us.us.us.2.2 ]
  %.1565.us.us.us.3736.2 = fadd nsz contract double %.1561.us.us.us697, %.1565.us.us.us.2730.2
  br label %B734.us.us.us.4.thread.2

B734.us.us.us.4.thread.2:                         ; preds = %B734.us.us.us.3.thread.2, %B734.us.us.us.2.2
  %.1565.us.us.us.3743.2 = phi double [ %.1565.us.us.us.3736.2, %B734.us.us.us.3.thread.2 ], [ %.1565.us.us.us.3, %B734.us.us.us.2.2 ]
  %.1565.us.us.us.4749.2 = fadd nsz contract double %.1561.us.us.us697, %.1565.us.us.us.3743.2
  br label %B734.us.us.us.5.thread.2

B734.us.us.us.5.thread.2:                         ; preds = %B734.us.us.us.4.thread.2, %B734.us.us.us.4.2
  %.1565.us.us.us.4756.2 = phi double [ %.1565.us.us.us.4749.2, %B734.us.us.us.4.thread.2 ], [ %.1565.us.us.us.4, %B734.us.us.us.4.2 ]
  %.1565.us.us.us.5762.2 = fadd nsz contract double %.1561.us.us.us697, %.1565.us.us.us.4756.2
  br label %B734.us.us.us.6.2

B734.us.us.us.6.2:                                ; preds = %B734.us.us.us.5.thread.2, %B668.us.us.us.6.2, %B734.us.us.us.5.2
  %.1561.us.us.us.6.pre-phi.2 = phi double [ %.1561.us.us.us697, %B734.us.us.us.5.thread.2 ], [ %.1561.us.us.us, %B734.us.us.us.5.2 ], [ %.1561.us.us.us697, %B668.us.us.us.6.2 ]
  %.1565.us.us.us.5766.2 = phi double [ %.1565.us.us.us.5762.2, %B734.us.us.us.5.thread.2 ], [ %.1565.us.us.us.5, %B734.us.us.us.5.2 ], [ %.1565.us.us.us.5, %B668.us.us.us.6.2 ]
  %.1565.us.us.us.6.2 = fadd nsz contract double %.1561.us.us.us.6.pre-phi.2, %.1565.us.us.us.5766.2
  %.1111.us.us.2 = sub nsw i64 3, %.13.i
  %.1584.us.us.2 = fadd nsz contract double %best.3.2.us.us.1, -1.000000e-09
  %.1588.us.us.2 = fcmp nsz contract olt double %.1565.us.us.us.6.2, %.1584.us.us.2
  %best.3.2.us.us.2 = select i1 %.1588.us.us.2, double %.1565.us.us.us.6.2, double %best.3.2.us.us.1
  %where.3.2.us.us.2 = select i1 %.1588.us.us.2, i64 %.1111.us.us.1, i64 %where.3.2.us.us.1
  %.1098.us.us.2.not = icmp eq i64 %.1055, 3
  br i1 %.1098.us.us.2.not, label %B780, label %B734.us.us.us.2.3

B734.us.us.us.2.3:                                ; preds = %B734.us.us.us.6.2
  switch i64 %.13.i, label %B734.us.us.us.4.3 [
    i64 3, label %B734.us.us.us.3.thread.3
    i64 2, label %B734.us.us.us.4.thread.3
  ]

B734.us.us.us.4.3:                                ; preds = %B734.us.us.us.2.3
  %.1308.us.us.us.5.3 = icmp samesign ugt i64 %.1111.us.us.2, 2
  br i1 %.1308.us.us.us.5.3, label %B734.us.us.us.5.3, label %B734.us.us.us.5.thread.3

B734.us.us.us.5.3:                                ; preds = %B734.us.us.us.4.3
  %.1308.us.us.us.6.not.3 = icmp eq i64 %.888.1, 0
  br i1 %.1308.us.us.us.6.not.3, label %B668.us.us.us.6.3, label %B734.us.us.us.6.3

B668.us.us.us.6.3:                                ; preds = %B734.us.us.us.5.3
  br label %B734.us.us.us.6.3

B734.us.us.us.3.thread.3:                         ; preds = %B734.us.us.us.2.3
  %.1565.us.us.us.3736.3 = fadd nsz contract double %.1561.us.us.us697, %.1565.us.us.us.2
  br label %B734.us.us.us.4.thread.3

B734.us.us.us.4.thread.3:                         ; preds = %B734.us.us.us.3.thread.3, %B734.us.us.us.2.3
  %.1565.us.us.us.3743.3 = phi double [ %.1565.us.us.us.3736.3, %B734.us.us.us.3.thread.3 ], [ %.1565.us.us.us.3, %B734.us.us.us.2.3 ]
  %.1565.us.us.us.4749.3 = fadd nsz contract double %.1561.us.us.us697, %.1565.us.us.us.3743.3
  br label %B734.us.us.us.5.thread.3

B734.us.us.us.5.thread.3:                         ; preds = %B734.us.us.us.4.thread.3, %B734.us.us.us.4.3
  %.1565.us.us.us.4756.3 = phi double [ %.1565.us.us.us.4749.3, %B734.us.us.us.4.thread.3 ], [ %.1565.us.us.us.4, %B734.us.us.us.4.3 ]
  %.1565.us.us.us.5762.3 = fadd nsz contract double %.1561.us.us.us697, %.1565.us.us.us.4756.3
  br label %B734.us.us.us.6.3

B734.us.us.us.6.3:                                ; preds = %B734.us.us.us.5.thread.3, %B668.us.us.us.6.3, %B734.us.us.us.5.3
  %.1561.us.us.us.6.pre-phi.3 = phi double [ %.1561.us.us.us697, %B734.us.us.us.5.thread.3 ], [ %.1561.us.us.us, %B734.us.us.us.5.3 ], [ %.1561.us.us.us697, %B668.us.us.us.6.3 ]
  %.1565.us.us.us.5766.3 = phi double [ %.1565.us.us.us.5762.3, %B734.us.us.us.5.thread.3 ], [ %.1565.us.us.us.5, %B734.us.us.us.5.3 ], [ %.1565.us.us.us.5, %B668.us.us.us.6.3 ]
  %.1565.us.us.us.6.3 = fadd nsz contract double %.1561.us.us.us.6.pre-phi.3, %.1565.us.us.us.5766.3
  %.1111.us.us.3 = sub nsw i64 4, %.13.i
  %.1584.us.us.3 = fadd nsz contract double %best.3.2.us.us.2, -1.000000e-09
  %.1588.us.us.3 = fcmp nsz contract olt double %.1565.us.us.us.6.3, %.1584.us.us.3
  %best.3.2.us.us.3 = select i1 %.1588.us.us.3, double %.1565.us.us.us.6.3, double %best.3.2.us.us.2
  %where.3.2.us.us.3 = select i1 %.1588.us.us.3, i64 %.1111.us.us.2, i64 %where.3.2.us.us.2
  %.1098.us.us.3 = icmp samesign ugt i64 %.1055, 4
  br i1 %.1098.us.us.3, label %B734.us.us.us.2.4, label %B780

B734.us.us.us.2.4:                                ; preds = %B734.us.us.us.6.3
  %146 = icmp sgt i64 %.888.1, 2
  br i1 %146, label %B734.us.us.us.4.thread.4, label %B734.us.us.us.4.4

B734.us.us.us.4.4:                                ; preds = %B734.us.us.us.2.4
  %.1308.us.us.us.5.4 = icmp samesign ugt i64 %.1111.us.us.3, 2
  br i1 %.1308.us.us.us.5.4, label %B734.us.us.us.5.4, label %B734.us.us.us.5.thread.4

B734.us.us.us.5.4:                                ; preds = %B734.us.us.us.4.4
  %.1308.us.us.us.6.not.4 = icmp eq i64 %.888.1, 1
  br i1 %.1308.us.us.us.6.not.4, label %B668.us.us.us.6.4, label %B734.us.us.us.6.4

B668.us.us.us.6.4:                                ; preds = %B734.us.us.us.5.4
  br label %B734.us.us.us.6.4

B734.us.us.us.4.thread.4:                         ; preds = %B734.us.us.us.2.4
  %.1565.us.us.us.4749.4 = fadd nsz contract double %.1561.us.us.us697, %.1565.us.us.us.3
  br label %B734.us.us.us.5.thread.4

B734.us.us.us.5.thread.4:                         ; preds = %B734.us.us.us.4.thread.4, %B734.us.us.us.4.4
  %.1565.us.us.us.4756.4 = phi double [ %.1565.us.us.us.4749.4, %B734.us.us.us.4.thread.4 ], [ %.1565.us.us.us.4, %B734.us.us.us.4.4 ]
  %.1565.us.us.us.5762.4 = fadd nsz contract double %.1561.us.us.us697, %.1565.us.us.us.4756.4
  br label %B734.us.us.us.6.4

B734.us.us.us.6.4:                                ; preds = %B734.us.us.us.5.thread.4, %B668.us.us.us.6.4, %B734.us.us.us.5.4
  %.1561.us.us.us.6.pre-phi.4 = phi double [ %.1561.us.us.us697, %B734.us.us.us.5.thread.4 ], [ %.1561.us.us.us, %B734.us.us.us.5.4 ], [ %.1561.us.us.us697, %B668.us.us.us.6.4 ]
  %.1565.us.us.us.5766.4 = phi double [ %.1565.us.us.us.5762.4, %B734.us.us.us.5.thread.4 ], [ %.1565.us.us.us.5, %B734.us.us.us.5.4 ], [ %.1565.us.us.us.5, %B668.us.us.us.6.4 ]
  %.1565.us.us.us.6.4 = fadd nsz contract double %.1561.us.us.us.6.pre-phi.4, %.1565.us.us.us.5766.4
  %.1111.us.us.4 = sub nsw i64 5, %.13.i
  %.1584.us.us.4 = fadd nsz contract double %best.3.2.us.us.3, -1.000000e-09
  %.1588.us.us.4 = fcmp nsz contract olt double %.1565.us.us.us.6.4, %.1584.us.us.4
  %best.3.2.us.us.4 = select i1 %.1588.us.us.4, double %.1565.us.us.us.6.4, double %best.3.2.us.us.3
  %where.3.2.us.us.4 = select i1 %.1588.us.us.4, i64 %.1111.us.us.3, i64 %where.3.2.us.us.3
  %.1098.us.us.4.not = icmp eq i64 %.1055, 5
  br i1 %.1098.us.us.4.not, label %B780, label %B734.us.us.us.4.5

B734.us.us.us.4.5:                                ; preds = %B734.us.us.us.6.4
  %.1308.us.us.us.5.5 = icmp samesign ugt i64 %.1111.us.us.4, 2
  br i1 %.1308.us.us.us.5.5, label %B734.us.us.us.5.5, label %B734.us.us.us.5.thread.5

B734.us.us.us.5.5:                                ; preds = %B734.us.us.us.4.5
  %.1308.us.us.us.6.not.5 = icmp eq i64 %.888.1, 2
  br i1 %.1308.us.us.us.6.not.5, label %B668.us.us.us.6.5, label %B734.us.us.us.6.5

B668.us.us.us.6.5:                                ; preds = %B734.us.us.us.5.5
  br label %B734.us.us.us.6.5

B734.us.us.us.5.thread.5:                         ; preds = %B734.us.us.us.4.5
  %.1565.us.us.us.5762.5 = fadd nsz contract double %.1561.us.us.us697, %.1565.us.us.us.4
  br label %B734.us.us.us.6.5

B734.us.us.us.6.5:                                ; preds = %B734.us.us.us.5.thread.5, %B668.us.us.us.6.5, %B734.us.us.us.5.5
  %.1561.us.us.us.6.pre-phi.5 = phi double [ %.1561.us.us.us697, %B734.us.us.us.5.thread.5 ], [ %.1561.us.us.us, %B734.us.us.us.5.5 ], [ %.1561.us.us.us697, %B668.us.us.us.6.5 ]
  %.1565.us.us.us.5766.5 = phi double [ %.1565.us.us.us.5762.5, %B734.us.us.us.5.thread.5 ], [ %.1565.us.us.us.5, %B734.us.us.us.5.5 ], [ %.1565.us.us.us.5, %B668.us.us.us.6.5 ]
  %.1565.us.us.us.6.5 = fadd nsz contract double %.1561.us.us.us.6.pre-phi.5, %.1565.us.us.us.5766.5
  %.1584.us.us.5 = fadd nsz contract double %best.3.2.us.us.4, -1.000000e-09
  %.1588.us.us.5 = fcmp nsz contract olt double %.1565.us.us.us.6.5, %.1584.us.us.5
  %where.3.2.us.us.5 = select i1 %.1588.us.us.5, i64 %.1111.us.us.4, i64 %where.3.2.us.us.4
  %.1098.us.us.5 = icmp samesign ugt i64 %.1055, 6
  br i1 %.1098.us.us.5, label %B734.us.us.us.5.6, label %B780

B734.us.us.us.5.6:                                ; preds = %B734.us.us.us.6.5
  %147 = fcmp olt double %.1565.us.us.us.6.5, %.1584.us.us.5
  %best.3.2.us.us.5 = select i1 %147, double %.1565.us.us.us.6.5, double %best.3.2.us.us.4
  %.1111.us.us.5 = sub nsw i64 6, %.13.i
  %.1565.us.us.us.6.6 = fadd nsz contract double %.1561.us.us.us697, %.1565.us.us.us.5
  %.1584.us.us.6 = fadd nsz contract double %best.3.2.us.us.5, -1.000000e-09
  %.1588.us.us.6 = fcmp nsz contract olt double %.1565.us.us.us.6.6, %.1584.us.us.6
  %where.3.2.us.us.6 = select i1 %.1588.us.us.6, i64 %.1111.us.us.5, i64 %where.3.2.us.us.5
  br label %B780

B502.endif.endif.us:                              ; preds = %B734.us599.6, %134
  %lsr.iv7 = phi i64 [ %lsr.iv.next8, %B734.us599.6 ], [ %144, %134 ]
  %where.2.1568.us = phi i64 [ 0, %134 ], [ %where.3.2.us, %B734.us599.6 ]
  %best.2.1567.us = phi double [ 1.000000e+30, %134 ], [ %best.3.2.us, %B734.us599.6 ]
  %.1104558564.us = phi i64 [ %.949, %134 ], [ %.1111.us, %B734.us599.6 ]
  br i1 %.1279.not.us, label %B570.endif.us, label %B570.endif.us.thread

B570.endif.us:                                    ; preds = %B502.endif.endif.us
  %148 = icmp ult i64 %136, 4294967296
  br i1 %148, label %149, label %152

149:                                              ; preds = %B570.endif.us
  %150 = urem i32 %137, %7
  %151 = zext i32 %150 to i64
  br label %163

152:                                              ; preds = %B570.endif.us
  %153 = or i64 %.1262.us, %arg.points.5.0
  %154 = and i64 %153, -4294967296
  %155 = icmp eq i64 %154, 0
  br i1 %155, label %156, label %161

156:                                              ; preds = %152
  %157 = trunc i64 %arg.points.5.0 to i32
  %158 = trunc i64 %.1262.us to i32
  %159 = urem i32 %158, %157
  %160 = zext i32 %159 to i64
  br label %163

161:                                              ; preds = %152
  %162 = srem i64 %.1262.us, %arg.points.5.0
  br label %163

163:                                              ; preds = %161, %156, %149
  %164 = phi i64 [ %151, %149 ], [ %160, %156 ], [ %162, %161 ]
  %.1284.us = xor i64 %164, %arg.points.5.0
  %.1285.us = icmp slt i64 %.1284.us, 0
  %.1286.us = icmp ne i64 %164, 0
  %.1287.us = and i1 %.1286.us, %.1285.us
  %.1294.us = select i1 %.1287.us, i64 %arg.points.5.0, i64 0
  %spec.select530.us = add i64 %.1294.us, %164
  %spec.select530.us.fr = freeze i64 %spec.select530.us
  %.1337.us = icmp slt i64 %spec.select530.us.fr, 0
  %spec.select = select i1 %.1337.us, i64 %arg.points.5.0, i64 0
  %165 = add i64 %spec.select, %spec.select530.us.fr
  %166 = mul i64 %165, %arg.points.5.1
  br label %B570.endif.us.thread

B570.endif.us.thread:                             ; preds = %163, %B502.endif.endif.us
  %.1339.us = phi i64 [ %166, %163 ], [ 0, %B502.endif.endif.us ]
  %.1308.us58017 = icmp sgt i64 %.1104558564.us, -3
  %.1363.us = getelementptr double, ptr %arg.points.4, i64 %.1339.us
  %.1364.us591 = load double, ptr %.1363.us, align 8
  %.1424.us594 = getelementptr i8, ptr %.1363.us, i64 8
  %.1425.us595 = load double, ptr %.1424.us594, align 8
  %.774.fca.0.load..833.fca.0.load = select i1 %.1308.us58017, double %.774.fca.0.load, double %.833.fca.0.load
  %.774.fca.2.load..833.fca.2.load = select i1 %.1308.us58017, double %.774.fca.2.load, double %.833.fca.2.load
  %.774.fca.1.load..833.fca.1.load = select i1 %.1308.us58017, double %.774.fca.1.load, double %.833.fca.1.load
  %.774.fca.3.load..833.fca.3.load = select i1 %.1308.us58017, double %.774.fca.3.load, double %.833.fca.3.load
  %.1366.us592 = fsub nsz contract double %.1364.us591, %.774.fca.0.load..833.fca.0.load
  %.1368.us593 = fmul nsz contract double %.774.fca.2.load..833.fca.2.load, %.1366.us592
  %.1427.us596 = fsub nsz contract double %.1425.us595, %.774.fca.1.load..833.fca.1.load
  %.1429.us597 = fmul nsz contract double %.774.fca.3.load..833.fca.3.load, %.1427.us596
  %.1430.us598 = fadd nsz contract double %.1368.us593, %.1429.us597
  %.1561.us601 = fmul nsz contract double %.1430.us598, %.1430.us598
  br i1 %.1279.not.us.1, label %B570.endif.us.1, label %B570.endif.us.1.thread

B570.endif.us.1:                                  ; preds = %B570.endif.us.thread
  %167 = icmp ult i64 %138, 4294967296
  br i1 %167, label %168, label %171

168:                                              ; preds = %B570.endif.us.1
  %169 = urem i32 %139, %7
  %170 = zext i32 %169 to i64
  br label %182

171:                                              ; preds = %B570.endif.us.1
  %172 = or i64 %.1262.us.1, %arg.points.5.0
  %173 = and i64 %172, -4294967296
  %174 = icmp eq i64 %173, 0
  br i1 %174, label %175, label %180

175:                                              ; preds = %171
  %176 = trunc i64 %arg.points.5.0 to i32
  %177 = trunc i64 %.1262.us.1 to i32
  %178 = urem i32 %177, %176
  %179 = zext i32 %178 to i64
  br label %182

180:                                              ; preds = %171
  %181 = srem i64 %.1262.us.1, %arg.points.5.0
  br label %182

182:                                              ; preds = %180, %175, %168
  %183 = phi i64 [ %170, %168 ], [ %179, %175 ], [ %181, %180 ]
  %.1284.us.1 = xor i64 %183, %arg.points.5.0
  %.1285.us.1 = icmp slt i64 %.1284.us.1, 0
  %.1286.us.1 = icmp ne i64 %183, 0
  %.1287.us.1 = and i1 %.1286.us.1, %.1285.us.1
  %.1294.us.1 = select i1 %.1287.us.1, i64 %arg.points.5.0, i64 0
  %spec.select530.us.1 = add i64 %.1294.us.1, %183
  %spec.select530.us.1.fr = freeze i64 %spec.select530.us.1
  %.1337.us.1 = icmp slt i64 %spec.select530.us.1.fr, 0
  %spec.select52 = select i1 %.1337.us.1, i64 %arg.points.5.0, i64 0
  %184 = add i64 %spec.select52, %spec.select530.us.1.fr
  %185 = mul i64 %184, %arg.points.5.1
  br label %B570.endif.us.1.thread

B570.endif.us.1.thread:                           ; preds = %182, %B570.endif.us.thread
  %.1339.us.1 = phi i64 [ %185, %182 ], [ 0, %B570.endif.us.thread ]
  %.1308.us580.124 = icmp sgt i64 %.1104558564.us, -2
  %.1363.us.1 = getelementptr double, ptr %arg.points.4, i64 %.1339.us.1
  %.1364.us591.1 = load double, ptr %.1363.us.1, align 8
  %.1424.us594.1 = getelementptr i8, ptr %.1363.us.1, i64 8
  %.1425.us595.1 = load double, ptr %.1424.us594.1, align 8
  %.774.fca.0.load..833.fca.0.load791 = select i1 %.1308.us580.124, double %.774.fca.0.load, double %.833.fca.0.load
  %.774.fca.2.load..833.fca.2.load792 = select i1 %.1308.us580.124, double %.774.fca.2.load, double %.833.fca.2.load
  %.774.fca.1.load..833.fca.1.load793 = select i1 %.1308.us580.124, double %.774.fca.1.load, double %.833.fca.1.load
  %.774.fca.3.load..833.fca.3.load794 = select i1 %.1308.us580.124, double %.774.fca.3.load, double %.833.fca.3.load
  %.1366.us592.1 = fsub nsz contract double %.1364.us591.1, %.774.fca.0.load..833.fca.0.load791
  %.1368.us593.1 = fmul nsz contract double %.774.fca.2.load..833.fca.2.load792, %.1366.us592.1
  %.1427.us596.1 = fsub nsz contract double %.1425.us595.1, %.774.fca.1.load..833.fca.1.load793
  %.1429.us597.1 = fmul nsz contract double %.774.fca.3.load..833.fca.3.load794, %.1427.us596.1
  %.1430.us598.1 = fadd nsz contract double %.1368.us593.1, %.1429.us597.1
  %.1561.us601.1 = fmul nsz contract double %.1430.us598.1, %.1430.us598.1
  %.1565.us602.1 = fadd nsz contract double %.1561.us601, %.1561.us601.1
  br i1 %.1279.not.us.2, label %B570.endif.us.2, label %B570.endif.us.2.thread

B570.endif.us.2:                                  ; preds = %B570.endif.us.1.thread
  %186 = icmp ult i64 %140, 4294967296
  br i1 %186, label %187, label %190

187:                                              ; preds = %B570.endif.us.2
  %188 = urem i32 %141, %7
  %189 = zext i32 %188 to i64
  br label %201

190:                                              ; preds = %B570.endif.us.2
  %191 = or i64 %.1262.us.2, %arg.points.5.0
  %192 = and i64 %191, -4294967296
  %193 = icmp eq i64 %192, 0
  br i1 %193, label %194, label %199

194:                                              ; preds = %190
  %195 = trunc i64 %arg.points.5.0 to i32
  %196 = trunc i64 %.1262.us.2 to i32
  %197 = urem i32 %196, %195
  %198 = zext i32 %197 to i64
  br label %201

199:                                              ; preds = %190
  %200 = srem i64 %.1262.us.2, %arg.points.5.0
  br label %201

201:                                              ; preds = %199, %194, %187
  %202 = phi i64 [ %189, %187 ], [ %198, %194 ], [ %200, %199 ]
  %.1284.us.2 = xor i64 %202, %arg.points.5.0
  %.1285.us.2 = icmp slt i64 %.1284.us.2, 0
  %.1286.us.2 = icmp ne i64 %202, 0
  %.1287.us.2 = and i1 %.1286.us.2, %.1285.us.2
  %.1294.us.2 = select i1 %.1287.us.2, i64 %arg.points.5.0, i64 0
  %spec.select530.us.2 = add i64 %.1294.us.2, %202
  %spec.select530.us.2.fr = freeze i64 %spec.select530.us.2
  %.1337.us.2 = icmp slt i64 %spec.select530.us.2.fr, 0
  %spec.select53 = select i1 %.1337.us.2, i64 %arg.points.5.0, i64 0
  %203 = add i64 %spec.select53, %spec.select530.us.2.fr
  %204 = mul i64 %203, %arg.points.5.1
  br label %B570.endif.us.2.thread

B570.endif.us.2.thread:                           ; preds = %201, %B570.endif.us.1.thread
  %.1339.us.2 = phi i64 [ %204, %201 ], [ 0, %B570.endif.us.1.thread ]
  %.1308.us580.231 = icmp sgt i64 %.1104558564.us, -1
  %.1363.us.2 = getelementptr double, ptr %arg.points.4, i64 %.1339.us.2
  %.1364.us591.2 = load double, ptr %.1363.us.2, align 8
  %.1424.us594.2 = getelementptr i8, ptr %.1363.us.2, i64 8
  %.1425.us595.2 = load double, ptr %.1424.us594.2, align 8
  %.774.fca.0.load..833.fca.0.load795 = select i1 %.1308.us580.231, double %.774.fca.0.load, double %.833.fca.0.load
  %.774.fca.2.load..833.fca.2.load796 = select i1 %.1308.us580.231, double %.774.fca.2.load, double %.833.fca.2.load
  %.774.fca.1.load..833.fca.1.load797 = select i1 %.1308.us580.231, double %.774.fca.1.load, double %.833.fca.1.load
  %.774.fca.3.load..833.fca.3.load798 = select i1 %.1308.us580.231, double %.774.fca.3.load, double %.833.fca.3.load
  %.1366.us592.2 = fsub nsz contract double %.1364.us591.2, %.774.fca.0.load..833.fca.0.load795
  %.1368.us593.2 = fmul nsz contract double %.774.fca.2.load..833.fca.2.load796, %.1366.us592.2
  %.1427.us596.2 = fsub nsz contract double %.1425.us595.2, %.774.fca.1.load..833.fca.1.load797
  %.1429.us597.2 = fmul nsz contract double %.774.fca.3.load..833.fca.3.load798, %.1427.us596.2
  %.1430.us598.2 = fadd nsz contract double %.1368.us593.2, %.1429.us597.2
  %.1561.us601.2 = fmul nsz contract double %.1430.us598.2, %.1430.us598.2
  %.1565.us602.2 = fadd nsz contract double %.1565.us602.1, %.1561.us601.2
  br i1 %.1279.not.us.3, label %B570.endif.us.3, label %B570.endif.us.3.thread

B570.endif.us.3:                                  ; preds = %B570.endif.us.2.thread
  %205 = icmp ult i64 %142, 4294967296
  br i1 %205, label %206, label %209

206:                                              ; preds = %B570.endif.us.3
  %207 = urem i32 %143, %7
  %208 = zext i32 %207 to i64
  br label %220

209:                                              ; preds = %B570.endif.us.3
  %210 = or i64 %.563, %arg.points.5.0
  %211 = and i64 %210, -4294967296
  %212 = icmp eq i64 %211, 0
  br i1 %212, label %213, label %218

213:                                              ; preds = %209
  %214 = trunc i64 %arg.points.5.0 to i32
  %215 = trunc i64 %.563 to i32
  %216 = urem i32 %215, %214
  %217 = zext i32 %216 to i64
  br label %220

218:                                              ; preds = %209
  %219 = srem i64 %.563, %arg.points.5.0
  br label %220

220:                                              ; preds = %218, %213, %206
  %221 = phi i64 [ %208, %206 ], [ %217, %213 ], [ %219, %218 ]
  %.1284.us.3 = xor i64 %221, %arg.points.5.0
  %.1285.us.3 = icmp slt i64 %.1284.us.3, 0
  %.1286.us.3 = icmp ne i64 %221, 0
  %.1287.us.3 = and i1 %.1286.us.3, %.1285.us.3
  %.1294.us.3 = select i1 %.1287.us.3, i64 %arg.points.5.0, i64 0
  %spec.select530.us.3 = add i64 %.1294.us.3, %221
  %spec.select530.us.3.fr = freeze i64 %spec.select530.us.3
  %.1337.us.3 = icmp slt i64 %spec.select530.us.3.fr, 0
  %spec.select54 = select i1 %.1337.us.3, i64 %arg.points.5.0, i64 0
  %222 = add i64 %spec.select54, %spec.select530.us.3.fr
  %223 = mul i64 %222, %arg.points.5.1
  br label %B570.endif.us.3.thread

B570.endif.us.3.thread:                           ; preds = %220, %B570.endif.us.2.thread
  %.1339.us.3 = phi i64 [ %223, %220 ], [ 0, %B570.endif.us.2.thread ]
  %.1308.us580.338 = icmp sgt i64 %.1104558564.us, 0
  %.1363.us.3 = getelementptr double, ptr %arg.points.4, i64 %.1339.us.3
  %.1364.us591.3 = load double, ptr %.1363.us.3, align 8
  %.1424.us594.3 = getelementptr i8, ptr %.1363.us.3, i64 8
  %.1425.us595.3 = load double, ptr %.1424.us594.3, align 8
  %.774.fca.0.load..833.fca.0.load799 = select i1 %.1308.us580.338, double %.774.fca.0.load, double %.833.fca.0.load
  %.774.fca.2.load..833.fca.2.load800 = select i1 %.1308.us580.338, double %.774.fca.2.load, double %.833.fca.2.load
  %.774.fca.1.load..833.fca.1.load801 = select i1 %.1308.us580.338, double %.774.fca.1.load, double %.833.fca.1.load
  %.774.fca.3.load..833.fca.3.load802 = select i1 %.1308.us580.338, double %.774.fca.3.load, double %.833.fca.3.load
  %.1366.us592.3 = fsub nsz contract double %.1364.us591.3, %.774.fca.0.load..833.fca.0.load799
  %.1368.us593.3 = fmul nsz contract double %.774.fca.2.load..833.fca.2.load800, %.1366.us592.3
  %.1427.us596.3 = fsub nsz contract double %.1425.us595.3, %.774.fca.1.load..833.fca.1.load801
  %.1429.us597.3 = fmul nsz contract double %.774.fca.3.load..833.fca.3.load802, %.1427.us596.3
  %.1430.us598.3 = fadd nsz contract double %.1368.us593.3, %.1429.us597.3
  %.1561.us601.3 = fmul nsz contract double %.1430.us598.3, %.1430.us598.3
  %.1565.us602.3 = fadd nsz contract double %.1565.us602.2, %.1561.us601.3
  %.1308.us580.4 = icmp sgt i64 %.1104558564.us, 1
  br i1 %.1308.us580.4, label %B570.endif.us.5, label %B570.endif.us.5.thread

B570.endif.us.5.thread:                           ; preds = %B570.endif.us.3.thread
  %.1565.us602.441 = fadd nsz contract double %.1561.us601.440, %.1565.us602.3
  %sunkaddr70 = mul i64 %.1484.us.5, 8
  %sunkaddr71 = getelementptr i8, ptr %arg.points.4, i64 %sunkaddr70
  %.1489.us582.5.pre = load double, ptr %sunkaddr71, align 8
  %sunkaddr72 = mul i64 %.1484.us.5, 8
  %sunkaddr73 = getelementptr i8, ptr %arg.points.4, i64 %sunkaddr72
  %sunkaddr74 = getelementptr i8, ptr %sunkaddr73, i64 8
  %.1550.us586.5.pre = load double, ptr %sunkaddr74, align 8
  %sunkaddr75 = mul i64 %.1484.us.6, 8
  %sunkaddr76 = getelementptr i8, ptr %arg.points.4, i64 %sunkaddr75
  %.1489.us582.6.pre.pre = load double, ptr %sunkaddr76, align 8
  %sunkaddr77 = mul i64 %.1484.us.6, 8
  %sunkaddr78 = getelementptr i8, ptr %arg.points.4, i64 %sunkaddr77
  %sunkaddr79 = getelementptr i8, ptr %sunkaddr78, i64 8
  %.1550.us586.6.pre.pre = load double, ptr %sunkaddr79, align 8
  br label %B570.endif.us.6.thread

B570.endif.us.5:                                  ; preds = %B570.endif.us.3.thread
  %.1565.us602.4 = fadd nsz contract double %.1561.us601.4, %.1565.us602.3
  %.1308.us580.5.not = icmp eq i64 %.1104558564.us, 2
  %sunkaddr80 = mul i64 %.1484.us.5, 8
  %sunkaddr81 = getelementptr i8, ptr %arg.points.4, i64 %sunkaddr80
  %.1489.us582.5.pre64 = load double, ptr %sunkaddr81, align 8
  %sunkaddr82 = mul i64 %.1484.us.5, 8
  %sunkaddr83 = getelementptr i8, ptr %arg.points.4, i64 %sunkaddr82
  %sunkaddr84 = getelementptr i8, ptr %sunkaddr83, i64 8
  %.1550.us586.5.pre66 = load double, ptr %sunkaddr84, align 8
  %sunkaddr85 = mul i64 %.1484.us.6, 8
  %sunkaddr86 = getelementptr i8, ptr %arg.points.4, i64 %sunkaddr85
  %.1489.us582.6.pre.pre72 = load double, ptr %sunkaddr86, align 8
  %sunkaddr87 = mul i64 %.1484.us.6, 8
  %sunkaddr88 = getelementptr i8, ptr %arg.points.4, i64 %sunkaddr87
  %sunkaddr89 = getelementptr i8, ptr %sunkaddr88, i64 8
  %.1550.us586.6.pre.pre74 = load double, ptr %sunkaddr89, align 8
  br i1 %.1308.us580.5.not, label %B570.endif.us.6.thread, label %B570.endif.us.6

B570.endif.us.6.thread:                           ; preds = %B570.endif.us.5, %B570.endif.us.5.thread
  %.1550.us586.6.pre = phi double [ %.1550.us586.6.pre.pre, %B570.endif.us.5.thread ], [ %.1550.us586.6.pre.pre74, %B570.endif.us.5 ]
  %.1489.us582.6.pre = phi double [ %.1489.us582.6.pre.pre, %B570.endif.us.5.thread ], [ %.1489.us582.6.pre.pre72, %B570.endif.us.5 ]
  %.1550.us586.5 = phi double [ %.1550.us586.5.pre, %B570.endif.us.5.thread ], [ %.1550.us586.5.pre66, %B570.endif.us.5 ]
  %.1489.us582.5 = phi double [ %.1489.us582.5.pre, %B570.endif.us.5.thread ], [ %.1489.us582.5.pre64, %B570.endif.us.5 ]
  %.1565.us602.444 = phi double [ %.1565.us602.441, %B570.endif.us.5.thread ], [ %.1565.us602.4, %B570.endif.us.5 ]
  %.1491.us583.5 = fsub nsz contract double %.1489.us582.5, %.833.fca.0.load
  %.1493.us584.5 = fmul nsz contract double %.833.fca.2.load, %.1491.us583.5
  %.1552.us587.5 = fsub nsz contract double %.1550.us586.5, %.833.fca.1.load
  %.1554.us588.5 = fmul nsz contract double %.833.fca.3.load, %.1552.us587.5
  %.1555.us589.5 = fadd nsz contract double %.1554.us588.5, %.1493.us584.5
  %.1561.us601.547 = fmul nsz contract double %.1555.us589.5, %.1555.us589.5
  %.1565.us602.548 = fadd nsz contract double %.1565.us602.444, %.1561.us601.547
  br label %B668.us581.6

B570.endif.us.6:                                  ; preds = %B570.endif.us.5
  %.1366.us592.5 = fsub nsz contract double %.1489.us582.5.pre64, %.774.fca.0.load
  %.1368.us593.5 = fmul nsz contract double %.774.fca.2.load, %.1366.us592.5
  %.1427.us596.5 = fsub nsz contract double %.1550.us586.5.pre66, %.774.fca.1.load
  %.1429.us597.5 = fmul nsz contract double %.774.fca.3.load, %.1427.us596.5
  %.1430.us598.5 = fadd nsz contract double %.1368.us593.5, %.1429.us597.5
  %.1561.us601.5 = fmul nsz contract double %.1430.us598.5, %.1430.us598.5
  %.1565.us602.5 = fadd nsz contract double %.1565.us602.4, %.1561.us601.5
  %.1308.us580.6 = icmp samesign ugt i64 %.1104558564.us, 3
  br i1 %.1308.us580.6, label %B600.us590.6, label %B668.us581.6

B668.us581.6:                                     ; preds = %B570.endif.us.6, %B570.endif.us.6.thread
  %.1550.us586.6 = phi double [ %.1550.us586.6.pre, %B570.endif.us.6.thread ], [ %.1550.us586.6.pre.pre74, %B570.endif.us.6 ]
  %.1489.us582.6 = phi double [ %.1489.us582.6.pre, %B570.endif.us.6.thread ], [ %.1489.us582.6.pre.pre72, %B570.endif.us.6 ]
  %.1565.us602.551 = phi double [ %.1565.us602.548, %B570.endif.us.6.thread ], [ %.1565.us602.5, %B570.endif.us.6 ]
  %.1491.us583.6 = fsub nsz contract double %.1489.us582.6, %.833.fca.0.load
  %.1493.us584.6 = fmul nsz contract double %.833.fca.2.load, %.1491.us583.6
  %.1552.us587.6 = fsub nsz contract double %.1550.us586.6, %.833.fca.1.load
  %.1554.us588.6 = fmul nsz contract double %.833.fca.3.load, %.1552.us587.6
  %.1555.us589.6 = fadd nsz contract double %.1554.us588.6, %.1493.us584.6
  br label %B734.us599.6

B600.us590.6:                                     ; preds = %B570.endif.us.6
  %.1366.us592.6 = fsub nsz contract double %.1489.us582.6.pre.pre72, %.774.fca.0.load
  %.1368.us593.6 = fmul nsz contract double %.774.fca.2.load, %.1366.us592.6
  %.1427.us596.6 = fsub nsz contract double %.1550.us586.6.pre.pre74, %.774.fca.1.load
  %.1429.us597.6 = fmul nsz contract double %.774.fca.3.load, %.1427.us596.6
  %.1430.us598.6 = fadd nsz contract double %.1368.us593.6, %.1429.us597.6
  br label %B734.us599.6

B734.us599.6:                                     ; preds = %B600.us590.6, %B668.us581.6
  %.1565.us602.550 = phi double [ %.1565.us602.5, %B600.us590.6 ], [ %.1565.us602.551, %B668.us581.6 ]
  %off.2.3.us600.6 = phi double [ %.1430.us598.6, %B600.us590.6 ], [ %.1555.us589.6, %B668.us581.6 ]
  %.1561.us601.6 = fmul nsz contract double %off.2.3.us600.6, %off.2.3.us600.6
  %.1565.us602.6 = fadd nsz contract double %.1565.us602.550, %.1561.us601.6
  %.1111.us = add nsw i64 %.1104558564.us, 1
  %.1584.us = fadd nsz contract double %best.2.1567.us, -1.000000e-09
  %.1588.us = fcmp nsz contract olt double %.1565.us602.6, %.1584.us
  %best.3.2.us = select i1 %.1588.us, double %.1565.us602.6, double %best.2.1567.us
  %where.3.2.us = select i1 %.1588.us, i64 %.1104558564.us, i64 %where.2.1568.us
  %lsr.iv.next8 = add nsw i64 %lsr.iv7, -1
  %.1098.us = icmp sgt i64 %lsr.iv.next8, 2
  br i1 %.1098.us, label %B502.endif.endif.us, label %B780
}

; Function Attrs: nocallback nofree nounwind willreturn memory(argmem: write)
declare void @llvm.memset.p0.i64(ptr writeonly, i8, i64, i1 immarg)

define internal noundef i32 @part1(ptr noalias writeonly %retptr, ptr noalias readnone %excinfo, ptr readnone %arg.points.0, ptr readnone %arg.points.1, i64 %arg.points.2, i64 %arg.points.3, ptr readonly %arg.points.4, i64 %arg.points.5.0, i64 %arg.points.5.1, i64 %arg.points.6.0, i64 %arg.points.6.1, i64 %arg.first, i64 %arg.count) local_unnamed_addr {
B0.endif:
  %.131 = icmp sgt i64 %arg.count, 0
  %.arg.count = tail call i64 @llvm.smax.i64(i64 %arg.count, i64 0)
  br i1 %.131, label %B78.lr.ph, label %B330

B78.lr.ph:                                        ; preds = %B0.endif
  %.218 = icmp eq i64 %arg.points.5.0, 0
  %.311 = uitofp nneg i64 %arg.count to double
  br i1 %.218, label %B78.lr.ph.split.us, label %B78.preheader

B78.preheader:                                    ; preds = %B78.lr.ph
  %const = bitcast i64 -9223372036854775808 to i64
  %0 = trunc nuw i64 %arg.points.5.0 to i32
  br label %B78

B78.lr.ph.split.us:                               ; preds = %B78.lr.ph
  %.309.us = load double, ptr %arg.points.4, align 8
  %.315.us = fdiv nsz contract double %.309.us, %.311
  %.415.us = getelementptr i8, ptr %arg.points.4, i64 8
  %.416.us = load double, ptr %.415.us, align 8
  %.422.us = fdiv nsz contract double %.416.us, %.311
  %xtraiter = and i64 %.arg.count, 7
  %lcmp.mod.not = icmp eq i64 %xtraiter, 0
  br i1 %lcmp.mod.not, label %B78.us.prol.loopexit, label %B78.us.prol.preheader

B78.us.prol.preheader:                            ; preds = %B78.lr.ph.split.us
  br label %B78.us.prol

B78.us.prol:                                      ; preds = %B78.us.prol, %B78.us.prol.preheader
  %lsr.iv9 = phi i64 [ %lsr.iv.next10, %B78.us.prol ], [ %xtraiter, %B78.us.prol.preheader ]
  %my.2.0229.us.prol = phi double [ %.424.us.prol, %B78.us.prol ], [ 0.000000e+00, %B78.us.prol.preheader ]
  %mx.2.0228.us.prol = phi double [ %.317.us.prol, %B78.us.prol ], [ 0.000000e+00, %B78.us.prol.preheader ]
  %.317.us.prol = fadd nsz contract double %.315.us, %mx.2.0228.us.prol
  %.424.us.prol = fadd nsz contract double %.422.us, %my.2.0229.us.prol
  %lsr.iv.next10 = add nsw i64 %lsr.iv9, -1
  %prol.iter.cmp.not = icmp eq i64 %lsr.iv.next10, 0
  br i1 %prol.iter.cmp.not, label %B78.us.prol.loopexit.loopexit, label %B78.us.prol

B78.us.prol.loopexit.loopexit:                    ; preds = %B78.us.prol
  %const9 = bitcast i64 -9223372036854775808 to i64
  %const_mat = add i64 %const9, -8
  %1 = and i64 %.arg.count, %const_mat
  br label %B78.us.prol.loopexit

B78.us.prol.loopexit:                             ; preds = %B78.us.prol.loopexit.loopexit, %B78.lr.ph.split.us
  %my.2.0229.us.unr = phi double [ 0.000000e+00, %B78.lr.ph.split.us ], [ %.424.us.prol, %B78.us.prol.loopexit.loopexit ]
  %mx.2.0228.us.unr = phi double [ 0.000000e+00, %B78.lr.ph.split.us ], [ %.317.us.prol, %B78.us.prol.loopexit.loopexit ]
  %.174223227.us.unr = phi i64 [ %.arg.count, %B78.lr.ph.split.us ], [ %1, %B78.us.prol.loopexit.loopexit ]
  %.317.us.lcssa.unr = phi double [ poison, %B78.lr.ph.split.us ], [ %.317.us.prol, %B78.us.prol.loopexit.loopexit ]
  %.424.us.lcssa.unr = phi double [ poison, %B78.lr.ph.split.us ], [ %.424.us.prol, %B78.us.prol.loopexit.loopexit ]
  %2 = icmp samesign ult i64 %arg.count, 8
  br i1 %2, label %B202.lr.ph.split.us, label %B78.us.preheader

B78.us.preheader:                                 ; preds = %B78.us.prol.loopexit
  %3 = add nuw i64 %.174223227.us.unr, 8
  br label %B78.us

B78.us:                                           ; preds = %B78.us, %B78.us.preheader
  %lsr.iv8 = phi i64 [ %3, %B78.us.preheader ], [ %lsr.iv.next9, %B78.us ]
  %my.2.0229.us = phi double [ %my.2.0229.us.unr, %B78.us.preheader ], [ %.424.us.7, %B78.us ]
  %mx.2.0228.us = phi double [ %mx.2.0228.us.unr, %B78.us.preheader ], [ %.317.us.7, %B78.us ]
  %.317.us = fadd nsz contract double %.315.us, %mx.2.0228.us
  %.424.us = fadd nsz contract double %.422.us, %my.2.0229.us
  %.317.us.1 = fadd nsz contract double %.315.us, %.317.us
  %.424.us.1 = fadd nsz contract double %.422.us, %.424.us
  %.317.us.2 = fadd nsz contract double %.315.us, %.317.us.1
  %.424.us.2 = fadd nsz contract double %.422.us, %.424.us.1
  %.317.us.3 = fadd nsz contract double %.315.us, %.317.us.2
  %.424.us.3 = fadd nsz contract double %.422.us, %.424.us.2
  %.317.us.4 = fadd nsz contract double %.315.us, %.317.us.3
  %.424.us.4 = fadd nsz contract double %.422.us, %.424.us.3
  %.317.us.5 = fadd nsz contract double %.315.us, %.317.us.4
  %.424.us.5 = fadd nsz contract double %.422.us, %.424.us.4
  %.317.us.6 = fadd nsz contract double %.315.us, %.317.us.5
  %.424.us.6 = fadd nsz contract double %.422.us, %.424.us.5
  %.317.us.7 = fadd nsz contract double %.315.us, %.317.us.6
  %.424.us.7 = fadd nsz contract double %.422.us, %.424.us.6
  %lsr.iv.next9 = add i64 %lsr.iv8, -8
  %.175.us.7 = icmp samesign ugt i64 %lsr.iv.next9, 8
  br i1 %.175.us.7, label %B78.us, label %B202.lr.ph.split.us

B78:                                              ; preds = %B78.endif.endif.endif.thread, %B78.preheader
  %lsr.iv16 = phi i64 [ %lsr.iv.next17, %B78.endif.endif.endif.thread ], [ %arg.count, %B78.preheader ]
  %lsr.iv14 = phi i64 [ %lsr.iv.next15, %B78.endif.endif.endif.thread ], [ %arg.first, %B78.preheader ]
  %my.2.0229 = phi double [ %.424, %B78.endif.endif.endif.thread ], [ 0.000000e+00, %B78.preheader ]
  %mx.2.0228 = phi double [ %.317267, %B78.endif.endif.endif.thread ], [ 0.000000e+00, %B78.preheader ]
  %4 = icmp ne i64 %arg.points.5.0, -1
  %5 = add i64 %lsr.iv14, %const
  %.229 = icmp ne i64 %5, 0
  %.231.not = or i1 %4, %.229
  br i1 %.231.not, label %B78.endif, label %B78.endif.endif.endif.thread

B202:                                             ; preds = %B202.endif.endif.thread, %B202.preheader
  %lsr.iv12 = phi i64 [ %lsr.iv.next13, %B202.endif.endif.thread ], [ %arg.count, %B202.preheader ]
  %lsr.iv10 = phi i64 [ %lsr.iv.next11, %B202.endif.endif.thread ], [ %arg.first, %B202.preheader ]
  %yy.2.0243 = phi double [ %.780, %B202.endif.endif.thread ], [ 0.000000e+00, %B202.preheader ]
  %xy.2.0242 = phi double [ %.775, %B202.endif.endif.thread ], [ 0.000000e+00, %B202.preheader ]
  %xx.2.0241 = phi double [ %.770, %B202.endif.endif.thread ], [ 0.000000e+00, %B202.preheader ]
  %6 = icmp ne i64 %arg.points.5.0, -1
  %7 = add i64 %lsr.iv10, %const
  %.586 = icmp ne i64 %7, 0
  %.588.not = or i1 %6, %.586
  br i1 %.588.not, label %B202.endif, label %B202.endif.endif.thread

B330:                                             ; preds = %B202.endif.endif.thread, %B202.us, %B0.endif
  %my.2.0.lcssa273 = phi double [ %.424.us.lcssa, %B202.us ], [ 0.000000e+00, %B0.endif ], [ %.424, %B202.endif.endif.thread ]
  %mx.2.0.lcssa272 = phi double [ %.317.us.lcssa, %B202.us ], [ 0.000000e+00, %B0.endif ], [ %.317267, %B202.endif.endif.thread ]
  %xx.2.0.lcssa = phi double [ %.770.us, %B202.us ], [ 0.000000e+00, %B0.endif ], [ %.770, %B202.endif.endif.thread ]
  %xy.2.0.lcssa = phi double [ %.775.us, %B202.us ], [ 0.000000e+00, %B0.endif ], [ %.775, %B202.endif.endif.thread ]
  %yy.2.0.lcssa = phi double [ %.780.us, %B202.us ], [ 0.000000e+00, %B0.endif ], [ %.780, %B202.endif.endif.thread ]
  %.800 = fmul nsz contract double %xy.2.0.lcssa, 2.000000e+00
  %.805 = fsub nsz contract double %xx.2.0.lcssa, %yy.2.0.lcssa
  %.810 = tail call nsz contract double @atan2(double %.800, double %.805)
  %.811 = fmul nsz contract double %.810, 5.000000e-01
  %.812 = tail call nsz contract double @llvm.sin.f64(double %.811)
  %.813 = fneg nsz contract double %.812
  %.814 = tail call nsz contract double @llvm.cos.f64(double %.811)
  store double %mx.2.0.lcssa272, ptr %retptr, align 8
  %retptr.repack216 = getelementptr inbounds nuw i8, ptr %retptr, i64 8
  store double %my.2.0.lcssa273, ptr %retptr.repack216, align 8
  %retptr.repack218 = getelementptr inbounds nuw i8, ptr %retptr, i64 16
  store double %.813, ptr %retptr.repack218, align 8
  %retptr.repack220 = getelementptr inbounds nuw i8, ptr %retptr, i64 24
  store double %.814, ptr %retptr.repack220, align 8
  ret i32 0

B78.endif:                                        ; preds = %B78
  %8 = or i64 %lsr.iv14, %arg.points.5.0
  %9 = icmp ult i64 %8, 4294967296
  br i1 %9, label %10, label %13

10:                                               ; preds = %B78.endif
  %tmp = trunc i64 %lsr.iv14 to i32
  %11 = urem i32 %tmp, %0
  %12 = zext i32 %11 to i64
  br label %24

13:                                               ; preds = %B78.endif
  %14 = or i64 %lsr.iv14, %arg.points.5.0
  %15 = and i64 %14, -4294967296
  %16 = icmp eq i64 %15, 0
  br i1 %16, label %17, label %22

17:                                               ; preds = %13
  %18 = trunc i64 %arg.points.5.0 to i32
  %19 = trunc i64 %lsr.iv14 to i32
  %20 = urem i32 %19, %18
  %21 = zext i32 %20 to i64
  br label %24

22:                                               ; preds = %13
  %23 = srem i64 %lsr.iv14, %arg.points.5.0
  br label %24

24:                                               ; preds = %22, %17, %10
  %25 = phi i64 [ %12, %10 ], [ %21, %17 ], [ %23, %22 ]
  %.236 = xor i64 %25, %arg.points.5.0
  %.237 = icmp slt i64 %.236, 0
  %.238 = icmp ne i64 %25, 0
  %.239 = and i1 %.238, %.237
  %.246 = select i1 %.239, i64 %arg.points.5.0, i64 0
  %spec.select208 = add i64 %.246, %25
  %26 = freeze i64 %spec.select208
  %.282 = icmp slt i64 %26, 0
  %spec.select301 = select i1 %.282, i64 %arg.points.5.0, i64 0
  %spec.select261 = add i64 %spec.select301, %26
  %.304262 = mul i64 %spec.select261, %arg.points.5.1
  %.308263 = getelementptr double, ptr %arg.points.4, i64 %.304262
  %27 = add i64 %.304262, 1
  br label %B78.endif.endif.endif.thread

B78.endif.endif.endif.thread:                     ; preds = %24, %B78
  %.309.pn.in = phi ptr [ %.308263, %24 ], [ %arg.points.4, %B78 ]
  %.411 = phi i64 [ %27, %24 ], [ 1, %B78 ]
  %.309.pn = load double, ptr %.309.pn.in, align 8
  %.315.pn = fdiv nsz contract double %.309.pn, %.311
  %.317267 = fadd nsz contract double %mx.2.0228, %.315.pn
  %.415 = getelementptr double, ptr %arg.points.4, i64 %.411
  %.416 = load double, ptr %.415, align 8
  %.422 = fdiv nsz contract double %.416, %.311
  %.424 = fadd nsz contract double %my.2.0229, %.422
  %lsr.iv.next15 = add i64 %lsr.iv14, 1
  %lsr.iv.next17 = add nsw i64 %lsr.iv16, -1
  %exitcond.not = icmp eq i64 %lsr.iv.next17, 0
  br i1 %exitcond.not, label %B202.preheader, label %B78

B202.preheader:                                   ; preds = %B78.endif.endif.endif.thread
  br label %B202

B202.lr.ph.split.us:                              ; preds = %B78.us, %B78.us.prol.loopexit
  %.317.us.lcssa = phi double [ %.317.us.lcssa.unr, %B78.us.prol.loopexit ], [ %.317.us.7, %B78.us ]
  %.424.us.lcssa = phi double [ %.424.us.lcssa.unr, %B78.us.prol.loopexit ], [ %.424.us.7, %B78.us ]
  %.668.us = fsub nsz contract double %.309.us, %.317.us.lcssa
  %.767.us = fsub nsz contract double %.416.us, %.424.us.lcssa
  %.768.us = fmul nsz contract double %.668.us, %.668.us
  %.773.us = fmul nsz contract double %.668.us, %.767.us
  %.778.us = fmul nsz contract double %.767.us, %.767.us
  %28 = add nuw i64 %.arg.count, 1
  br label %B202.us

B202.us:                                          ; preds = %B202.us, %B202.lr.ph.split.us
  %lsr.iv = phi i64 [ %lsr.iv.next, %B202.us ], [ %28, %B202.lr.ph.split.us ]
  %yy.2.0243.us = phi double [ %.780.us, %B202.us ], [ 0.000000e+00, %B202.lr.ph.split.us ]
  %xy.2.0242.us = phi double [ %.775.us, %B202.us ], [ 0.000000e+00, %B202.lr.ph.split.us ]
  %xx.2.0241.us = phi double [ %.770.us, %B202.us ], [ 0.000000e+00, %B202.lr.ph.split.us ]
  %.770.us = fadd nsz contract double %.768.us, %xx.2.0241.us
  %.775.us = fadd nsz contract double %.773.us, %xy.2.0242.us
  %.780.us = fadd nsz contract double %.778.us, %yy.2.0243.us
  %lsr.iv.next = add i64 %lsr.iv, -1
  %.532.us = icmp samesign ugt i64 %lsr.iv.next, 1
  br i1 %.532.us, label %B202.us, label %B330

B202.endif:                                       ; preds = %B202
  %29 = or i64 %lsr.iv10, %arg.points.5.0
  %30 = icmp ult i64 %29, 4294967296
  br i1 %30, label %31, label %34

31:                                               ; preds = %B202.endif
  %tmp8 = trunc i64 %lsr.iv10 to i32
  %32 = urem i32 %tmp8, %0
  %33 = zext i32 %32 to i64
  br label %45

34:                                               ; preds = %B202.endif
  %35 = or i64 %lsr.iv10, %arg.points.5.0
  %36 = and i64 %35, -4294967296
  %37 = icmp eq i64 %36, 0
  br i1 %37, label %38, label %43

38:                                               ; preds = %34
  %39 = trunc i64 %arg.points.5.0 to i32
  %40 = trunc i64 %lsr.iv10 to i32
  %41 = urem i32 %40, %39
  %42 = zext i32 %41 to i64
  br label %45

43:                                               ; preds = %34
  %44 = srem i64 %lsr.iv10, %arg.points.5.0
  br label %45

45:                                               ; preds = %43, %38, %31
  %46 = phi i64 [ %33, %31 ], [ %42, %38 ], [ %44, %43 ]
  %.593 = xor i64 %46, %arg.points.5.0
  %.594 = icmp slt i64 %.593, 0
  %.595 = icmp ne i64 %46, 0
  %.596 = and i1 %.595, %.594
  %.603 = select i1 %.596, i64 %arg.points.5.0, i64 0
  %spec.select212 = add i64 %.603, %46
  %47 = freeze i64 %spec.select212
  %.639 = icmp slt i64 %47, 0
  %spec.select302 = select i1 %.639, i64 %arg.points.5.0, i64 0
  %spec.select211293 = add i64 %spec.select302, %47
  %.661294 = mul i64 %spec.select211293, %arg.points.5.1
  %.665295 = getelementptr double, ptr %arg.points.4, i64 %.661294
  %48 = add i64 %.661294, 1
  br label %B202.endif.endif.thread

B202.endif.endif.thread:                          ; preds = %45, %B202
  %.666.pn.in = phi ptr [ %.665295, %45 ], [ %arg.points.4, %B202 ]
  %.760 = phi i64 [ %48, %45 ], [ 1, %B202 ]
  %.666.pn = load double, ptr %.666.pn.in, align 8
  %.668298 = fsub nsz contract double %.666.pn, %.317267
  %.764 = getelementptr double, ptr %arg.points.4, i64 %.760
  %.765 = load double, ptr %.764, align 8
  %.767 = fsub nsz contract double %.765, %.424
  %.768 = fmul nsz contract double %.668298, %.668298
  %.770 = fadd nsz contract double %xx.2.0241, %.768
  %.773 = fmul nsz contract double %.668298, %.767
  %.775 = fadd nsz contract double %xy.2.0242, %.773
  %.778 = fmul nsz contract double %.767, %.767
  %.780 = fadd nsz contract double %yy.2.0243, %.778
  %lsr.iv.next11 = add i64 %lsr.iv10, 1
  %lsr.iv.next13 = add nsw i64 %lsr.iv12, -1
  %exitcond256.not = icmp eq i64 %lsr.iv.next13, 0
  br i1 %exitcond256.not, label %B330, label %B202
}

